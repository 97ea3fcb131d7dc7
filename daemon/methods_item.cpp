#include "base/hex.hpp"
#include "base/limits.hpp"
#include "daemon/items.hpp"
#include "daemon/methods.hpp"
#include "ipc/api.hpp"
#include "ipc/value.hpp"

namespace vault::daemon {
namespace {

using namespace ipc;

constexpr std::size_t page_name_bytes = 256 * 1024;  // of one item.list answer, so that it fits a frame
constexpr std::size_t page_opened = 50;              // items opened for a filter by attributes, on the event loop
constexpr std::size_t history_versions = 1500;       // likewise; the newest ones

Result<std::optional<VersionId>> version_of(const std::optional<std::string>& text) {
  if (!text) return std::optional<VersionId>{};
  const auto id = crypto::version_id_from(*text);
  if (!id) return Errc::version_unknown;
  return id;
}

Result<ItemWrite> write_of(PutParams p) {
  auto value = take_value(p);
  if (!value) return value.error();
  const auto version = version_of(p.if_version);
  if (!version) return version.error();
  return ItemWrite{.name = std::move(p.name),
                   .value = std::move(*value),
                   .content_type = p.content_type.value_or(""),
                   .attributes = std::move(p.attributes).value_or(Attributes{}),
                   .if_version = *version};
}

std::vector<std::string> texts(const std::vector<VersionId>& ids) {
  std::vector<std::string> out;
  for (const auto& id : ids) out.push_back(to_text(id));
  return out;
}

std::vector<std::string> head_texts(const Item& item) {
  std::vector<std::string> out;
  for (const auto* head : item.heads()) out.push_back(to_text(head->id));
  return out;
}

// Writes, tells the sync, and puts the heads of a clash into the error.
asio::awaitable<Result<std::vector<std::string>>> write_all(App& app, std::vector<ItemWrite> writes, Call& call) {
  const auto vault = app.unlocked();
  if (!vault) co_return vault.error();
  const auto device = *app.device();
  std::optional<Clash> clash;
  const auto ids = co_await write_items(*vault, device->writer, std::move(writes), clash);
  if (clash) {
    auto& heads = (call.details["heads"] = json::array(json_storage())).get_array();
    for (const auto& id : clash->heads) heads.emplace_back(to_text(id));
  }
  if (!ids) co_return ids.error();
  app.kick();
  co_return texts(*ids);
}

asio::awaitable<Result<VersionResult>> write_single(App& app, ItemWrite write, Call& call) {
  std::vector<ItemWrite> writes;
  writes.push_back(std::move(write));
  auto ids = co_await write_all(app, std::move(writes), call);
  if (!ids) co_return ids.error();
  co_return VersionResult{std::move(ids->front())};
}

asio::awaitable<Result<VersionResult>> put(App& app, PutParams p, Call& call) {
  if (const auto vault = app.unlocked(); !vault) co_return vault.error();
  auto write = write_of(std::move(p));
  if (!write) co_return write.error();
  co_return co_await write_single(app, std::move(*write), call);
}

asio::awaitable<Result<PutManyResult>> put_many(App& app, PutManyParams p, Call& call) {
  if (const auto vault = app.unlocked(); !vault) co_return vault.error();
  if (p.items.empty() || p.items.size() > limits::commit_records) co_return Errc::batch_too_large;
  std::vector<ItemWrite> writes;
  for (auto& item : p.items) {
    auto write = write_of(std::move(item));
    if (!write) co_return write.error();
    writes.push_back(std::move(*write));
  }
  auto ids = co_await write_all(app, std::move(writes), call);
  if (!ids) co_return ids.error();
  co_return PutManyResult{std::move(*ids)};
}

asio::awaitable<Result<VersionResult>> remove(App& app, RemoveParams p, Call& call) {
  const auto version = version_of(p.if_version);
  if (!version) co_return version.error();
  ItemWrite write{.operation = crypto::Operation::remove, .name = std::move(p.name)};
  write.if_version = *version;
  co_return co_await write_single(app, std::move(write), call);
}

asio::awaitable<Result<VersionResult>> restore(App& app, RestoreParams p, Call& call) {
  const auto vault = app.unlocked();
  if (!vault) co_return vault.error();
  const auto version = find_version(**vault, p.name, p.version);
  if (!version) co_return version.error();
  auto old = read_value(*(*app.device())->store, **vault, **version);
  if (!old) co_return old.error();
  ItemWrite write{.name = std::move(p.name),
                  .value = std::move(old->value),
                  .content_type = std::move(old->content_type),
                  .attributes = std::move(old->attributes)};
  co_return co_await write_single(app, std::move(write), call);
}

Result<GetResult> get(const App& app, const GetParams& p) {
  const auto vault = app.unlocked();
  if (!vault) return vault.error();
  const auto found = find_version(**vault, p.name, p.version);
  if (!found) return found.error();
  const auto& version = **found;
  auto value = read_value(*(*app.device())->store, **vault, version);
  if (!value) return value.error();
  GetResult out;
  out.name = p.name;
  set_value(out, std::move(value->value));
  out.content_type = std::move(value->content_type);
  out.attributes = std::move(value->attributes);
  out.version = to_text(version.id);
  out.modified = time_text(version.wall);
  out.heads = head_texts(*(*vault)->index.find(p.name));
  return out;
}

Result<HistoryResult> history(const App& app, const NameParams& p) {
  const auto vault = app.unlocked();
  if (!vault) return vault.error();
  const auto* item = (*vault)->index.find(p.name);
  if (item == nullptr) return Errc::item_not_found;
  std::vector<const Version*> newest_first;
  for (const auto& version : item->versions()) newest_first.push_back(&version);
  std::sort(newest_first.begin(), newest_first.end(),
            [](const auto* a, const auto* b) { return std::tie(b->clock, b->id) < std::tie(a->clock, a->id); });
  if (newest_first.size() > history_versions) newest_first.resize(history_versions);
  const auto* winner = item->winner();
  HistoryResult out;
  for (const auto* version : newest_first) {
    HistoryVersion one;
    one.version = to_text(version->id);
    one.operation = version->operation == crypto::Operation::put ? Operation::put : Operation::remove;
    one.modified = time_text(version->wall);
    one.device = hex(version->id.device);
    if (const auto* entry = (*vault)->keychain->device(version->id.device)) one.device_name = entry->name;
    one.content_type = version->content_type;
    one.size = version->size;
    one.replaces = texts(version->replaces);
    one.winner = version == winner;
    one.head = !version->replaced;
    out.versions.push_back(std::move(one));
  }
  return out;
}

bool has_attributes(const App& app, const Unlocked& vault, const Version& version, const Attributes& wanted) {
  const auto value = read_value(*(*app.device())->store, vault, version);
  return value && std::all_of(wanted.begin(), wanted.end(), [&value](const auto& attribute) {
           const auto at = value->attributes.find(attribute.first);
           return at != value->attributes.end() && at->second == attribute.second;
         });
}

ListItem list_item(const std::string& name, const Item& item) {
  const auto* winner = item.winner();
  return {.name = name,
          .version = to_text(winner->id),
          .modified = time_text(winner->wall),
          .content_type = winner->content_type,
          .size = winner->size,
          .heads = item.heads().size()};
}

// The cursor is the last name looked at. A filter by attributes opens the items it looks at, so a page of those
// looks at no more than a page holds.
Result<ListResult> list(const App& app, const ListParams& p) {
  const auto vault = app.unlocked();
  if (!vault) return vault.error();
  const auto prefix = p.prefix.value_or("");
  const auto most = std::clamp<std::uint64_t>(p.limit.value_or(limits::list_page), 1, limits::list_page);
  const auto& items = (*vault)->index.items();
  auto at = p.cursor ? items.upper_bound(*p.cursor) : items.lower_bound(prefix);
  if (p.cursor && *p.cursor < prefix) at = items.lower_bound(prefix);
  ListResult out;
  std::size_t bytes = 0, looked = 0;
  const std::string* last = nullptr;
  for (; at != items.end() && at->first.starts_with(prefix); ++at) {
    if (out.items.size() == most || looked == (p.attributes ? page_opened : limits::list_page) ||
        bytes > page_name_bytes) {
      out.cursor = *last;
      break;
    }
    last = &at->first;
    if (!at->second.exists()) continue;
    ++looked;
    if (p.attributes && !has_attributes(app, **vault, *at->second.winner(), *p.attributes)) continue;
    bytes += at->first.size();
    out.items.push_back(list_item(at->first, at->second));
  }
  return out;
}

Result<ConflictsResult> conflicts(const App& app) {
  const auto vault = app.unlocked();
  if (!vault) return vault.error();
  ConflictsResult out;
  for (const auto& [name, item] : (*vault)->index.items())
    if (item.in_conflict() && out.items.size() < limits::list_page) out.items.push_back({name, head_texts(item)});
  return out;
}

}  // namespace

void register_item_methods(Registry& registry, App& app) {
  registry.on(methods::item_put, [&app](PutParams p, Call& call) { return put(app, std::move(p), call); });
  registry.on(methods::item_put_many,
              [&app](PutManyParams p, Call& call) { return put_many(app, std::move(p), call); });
  registry.on(methods::item_remove, [&app](RemoveParams p, Call& call) { return remove(app, std::move(p), call); });
  registry.on(methods::item_restore, [&app](RestoreParams p, Call& call) { return restore(app, std::move(p), call); });
  registry.on(methods::item_get, [&app](GetParams p) -> asio::awaitable<Result<GetResult>> { co_return get(app, p); });
  registry.on(methods::item_history,
              [&app](NameParams p) -> asio::awaitable<Result<HistoryResult>> { co_return history(app, p); });
  registry.on(methods::item_list,
              [&app](ListParams p) -> asio::awaitable<Result<ListResult>> { co_return list(app, p); });
  registry.on(methods::item_conflicts,
              [&app](Nothing) -> asio::awaitable<Result<ConflictsResult>> { co_return conflicts(app); });
}

}  // namespace vault::daemon
