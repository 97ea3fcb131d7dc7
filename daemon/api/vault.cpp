// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include "base/hex.hpp"
#include "crypto/rules.hpp"
#include "daemon/api/methods.hpp"
#include "daemon/api/sealed_export.hpp"
#include "http/tls_trust.hpp"
#include "ipc/api/status.hpp"
#include "ipc/api/vault.hpp"

namespace vault::daemon {
namespace {

using namespace ipc;

template <class Params>
EnrolRequest enrol_request(Params p) {
  EnrolRequest request{.server = std::move(p.server),
                       .account = std::move(p.account),
                       .password = std::move(p.password),
                       .device_name = p.device_name.value_or(default_device_name()),
                       .ca_file = p.ca_file.value_or("")};
  if (p.invite) request.invitation.assign(p.invite->begin(), p.invite->end());
  return request;
}

Result<EnrolResult> enrolled(const App& app) {
  const auto vault = app.unlocked();
  if (!vault) return vault.error();
  const auto& self = (*vault)->self();
  const auto* entry = (*vault)->keychain->device(self);
  return EnrolResult{{hex(self), entry != nullptr ? entry->name : ""}};
}

}  // namespace

std::string default_device_name() {
  char name[65] = {};
  if (gethostname(name, 64) != 0 || !crypto::check_device_name(name)) return "device";
  return name;
}

void tell_ca_file(Call& call, const boost::system::error_code& error, const std::string& ca_file) {
  if (is_about_ca_file(error)) call.details["file"] = Codec<std::string>::encode(ca_file);
}

void register_vault_methods(Registry& registry, App& app) {
  registry.on(methods::vault_status, [&app](Nothing) -> asio::awaitable<Result<Status>> { co_return status(app); });

  registry.on(methods::vault_create, [&app](CreateParams p, Call& call) -> asio::awaitable<Result<EnrolResult>> {
    const auto ca_file = p.ca_file.value_or("");
    const auto done = co_await app.create(enrol_request(std::move(p)), call.peer);
    if (!done) tell_ca_file(call, done.error(), ca_file);
    if (!done) co_return done.error();
    co_return enrolled(app);
  });

  registry.on(methods::vault_join, [&app](JoinParams p, Call& call) -> asio::awaitable<Result<EnrolResult>> {
    const auto expect = p.expect;
    const auto ca_file = p.ca_file.value_or("");
    auto request = enrol_request(std::move(p));
    request.expect = expect;
    const auto done = co_await app.join(std::move(request), call.peer);
    if (!done) tell_ca_file(call, done.error(), ca_file);
    if (!done) co_return done.error();
    co_return enrolled(app);
  });

  registry.on(methods::vault_unlock, [&app](UnlockParams p, Call& call) -> asio::awaitable<Result<Nothing>> {
    const auto done = co_await app.unlock(std::move(p.password), call.peer);
    if (!done) co_return done.error();
    co_return Nothing{};
  });

  registry.on(methods::vault_lock, [&app](Nothing) -> asio::awaitable<Result<Nothing>> {
    const auto done = co_await app.lock();
    if (!done) co_return done.error();
    co_return Nothing{};
  });

  registry.on(methods::vault_export, [&app](ExportParams p) -> asio::awaitable<Result<ExportResult>> {
    const auto device = app.device();
    if (!device) co_return device.error();
    auto read = [store = (*device)->store, cursor = p.cursor.value_or("")] { return export_page(*store, cursor); };
    auto page = co_await run_on((*device)->threads.reader, std::move(read));
    co_return page;
  });
}

}  // namespace vault::daemon
