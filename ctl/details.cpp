// SPDX-License-Identifier: Apache-2.0
#include "ctl/details.hpp"

namespace vault::ctl {
namespace {

// What a program gets of `get -l --json`.
struct Details {
  std::string name;
  std::uint64_t size = 0;  // bytes of the value
  std::string content_type;
  ipc::Attributes attributes;
  std::string version, modified;
  std::vector<std::string> heads;
};
BOOST_DESCRIBE_STRUCT(Details, (), (name, size, content_type, attributes, version, modified, heads))

// What it gets of `get --json` in the place of a large value: the form of the reader of exports.
struct LargeItem {
  std::string name;
  ipc::Nullable<std::string> value_base64;
  std::uint64_t size = 0;
  std::string content_type;
  ipc::Attributes attributes;
  std::string version, modified;
  std::vector<std::string> heads;
};
BOOST_DESCRIBE_STRUCT(LargeItem, (), (name, value_base64, size, content_type, attributes, version, modified, heads))

template <class T>
T with_facts(const ipc::BlobGetResult& item) {
  T out;
  out.name = item.name;
  out.size = item.size;
  out.content_type = item.content_type;
  out.attributes = item.attributes;
  out.version = item.version;
  out.modified = item.modified;
  out.heads = item.heads;
  return out;
}

ipc::Reply<ipc::BlobGetResult> facts_of(Session& session, ipc::BlobGetParams params) {
  params.length = 0;
  return session.call(ipc::methods::blob_get, params, "reading");
}

std::string lines_of(const ipc::BlobGetResult& item) {
  std::vector<std::vector<std::string>> rows{{"name", shown(item.name)},
                                             {"size", std::to_string(item.size)},
                                             {"type", item.content_type},
                                             {"modified", item.modified},
                                             {"version", item.version}};
  for (const auto& head : item.heads)
    if (item.heads.size() > 1) rows.push_back({"head", head});
  for (const auto& [key, value] : item.attributes) rows.push_back({"attribute", shown(key + "=" + value)});
  return aligned(rows);
}

}  // namespace

int show_details(Session& session, ipc::BlobGetParams params) {
  const auto item = facts_of(session, std::move(params));
  if (!item.result) return session.fail(item.failure);
  return session.json() ? session.say_json(with_facts<Details>(*item.result)) : session.say(lines_of(*item.result));
}

int show_large_as_json(Session& session, ipc::BlobGetParams params) {
  const auto item = facts_of(session, std::move(params));
  return item.result ? session.say_json(with_facts<LargeItem>(*item.result)) : session.fail(item.failure);
}

}  // namespace vault::ctl
