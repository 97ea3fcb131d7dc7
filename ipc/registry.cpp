// SPDX-License-Identifier: Apache-2.0
#include "ipc/registry.hpp"

#include "base/log.hpp"
#include "ipc/api.hpp"
#include "ipc/openrpc.hpp"

namespace vault::ipc {

using boost::asio::awaitable;

namespace {

class InUse {
 public:
  InUse(Use use, const std::function<void(bool)>& tell) : tell_(use == Use::yes ? &tell : nullptr) {
    if (tell_ != nullptr) (*tell_)(true);
  }
  ~InUse() {
    if (tell_ != nullptr) (*tell_)(false);
  }
  InUse(const InUse&) = delete;
  InUse& operator=(const InUse&) = delete;

 private:
  const std::function<void(bool)>* tell_;
};

}  // namespace

awaitable<Outcome> Registry::run(const Request& request, Call& call) const {
  if (request.method == "rpc.discover") co_return openrpc_document();
  const auto found = handlers_.find(request.method);
  if (found == handlers_.end())
    co_return malformed(rpc_code::method_not_found, "there is no such method: see rpc.discover");
  if (call.file)
    if (const auto usable = check_file(call.file, found->second.takes); !usable) co_return failure_of(usable.error());
  const InUse in_use{found->second.use, tell_use_};
  ++counts_.calls[found->first];
  Failure failure;
  try {
    auto outcome = co_await found->second.run(request.params, call);
    if (!std::holds_alternative<Failure>(outcome)) co_return outcome;
    failure = std::move(std::get<Failure>(outcome));
  } catch (const boost::system::system_error& error) {
    failure = failure_of(error.code());
  } catch (const std::exception&) {
    log::error("a method failed unexpectedly");
    failure = failure_of(Errc::internal);
  }
  ++counts_.failures[error_class(failure.klass).kind];
  for (const auto& [key, value] : call.details) failure.details.insert_or_assign(key, value);
  co_return failure;
}

const Footprint& Registry::footprint(std::string_view method) const {
  static constexpr Footprint unknown;
  if (method == "rpc.discover") return footprint::text;
  const auto found = handlers_.find(method);
  return found == handlers_.end() ? unknown : found->second.footprint;
}

std::vector<std::string_view> Registry::without_handler() const {
  std::vector<std::string_view> out;
  const auto look = [this, &out](std::string_view name) {
    if (!handlers_.contains(name)) out.push_back(name);
  };
  std::apply([&look](const auto&... method) { (look(method.name), ...); }, methods::all);
  return out;
}

}  // namespace vault::ipc
