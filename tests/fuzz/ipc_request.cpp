// SPDX-License-Identifier: Apache-2.0
// One frame as the daemon takes it: strict JSON, JSON-RPC, the params of every method, the answer.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <string_view>

#include "base/assert.hpp"
#include "ipc/api.hpp"
#include "ipc/dispatch.hpp"

using namespace vault;
namespace asio = boost::asio;

namespace {

template <class P, class R>
void take_on(ipc::Registry& registry, const ipc::Method<P, R>& method) {
  registry.on(method, [](P params) -> asio::awaitable<Result<R>> {
    // What was decoded encodes and decodes again: both ends agree on every value that gets through.
    P again;
    ipc::Reading reading{"again"};
    VAULT_ASSERT(ipc::Codec<P>::decode(ipc::Codec<P>::encode(params), again, reading));
    co_return R{};
  });
}

const ipc::Registry& registry() {
  static const ipc::Registry* all = [] {
    auto* out = new ipc::Registry;
    std::apply([out](const auto&... method) { (take_on(*out, method), ...); }, ipc::methods::all);
    return out;
  }();
  return *all;
}

class Nobody final : public ipc::Caller {
 public:
  AnswersInFlight::Party party() const override { return {}; }
  bool is_gone() const override { return false; }
  void end_waits() override {}
  void drop_taken() override {}
  void drop_sent() override {}
  void drop_everything() override {}
};

asio::awaitable<void> run(ipc::Message message) {
  static Nobody nobody;
  const auto answer = co_await ipc::dispatch(registry(), nobody, std::move(message), {});
  ipc::Wire text;
  for (const auto& part : answer.parts) ipc::append(text, ipc::text_of(part));
  VAULT_ASSERT(text.empty() || ipc::parse_json(ipc::text_of(text)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static auto* context = new asio::io_context{1};
  auto message = ipc::read_message({reinterpret_cast<const char*>(data), size});
  VAULT_ASSERT(!message.entries.empty());
  asio::co_spawn(*context, run(std::move(message)), [](std::exception_ptr error) { VAULT_ASSERT(!error); });
  context->restart();
  context->run();
  return 0;
}
