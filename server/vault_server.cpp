// SPDX-License-Identifier: Apache-2.0
// Runs vault-server, which stores what it cannot read, for many accounts. It speaks wire/PROTOCOL.md.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <cstdio>
#include <iostream>

#include "base/harden.hpp"
#include "base/log.hpp"
#include "base/notify.hpp"
#include "http/server.hpp"
#include "server/admin.hpp"
#include "server/metrics.hpp"
#include "server/service.hpp"

using namespace vault;
using namespace vault::server;
namespace asio = boost::asio;

namespace {

struct Options {
  std::string data, listen = "127.0.0.1:0", certificate, key, engine = "lmdb", metrics;
  std::vector<std::string> origins;
  Registration registration = Registration::open;
  std::uint64_t quota = limits::quota_bytes;
  std::string name, path;  // arguments of subcommands
};

// Makes a data folder that somebody made by hand as private as one of ours.
void make_private(const std::string& data) {
  const std::filesystem::path folder{data};
  if (folder.has_parent_path()) std::filesystem::create_directories(folder.parent_path());
  struct stat info {};
  if (::lstat(data.c_str(), &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == ::geteuid() &&
      ::chmod(data.c_str(), 0700) != 0)
    throw boost::system::system_error{errno, boost::system::system_category()};
}

std::vector<wire::Origin> accepted_origins(const Options& options, const HttpServer& server) {
  const auto at = server.local_endpoint();
  const auto address = at.address().is_v6() ? fmt::format("[{}]", at.address().to_string()) : at.address().to_string();
  const auto scheme = options.certificate.empty() ? "http" : "https";
  std::vector out{wire::Origin::parse(fmt::format("{}://{}:{}", scheme, address, at.port())).value()};
  for (const auto& origin : options.origins) out.push_back(wire::Origin::parse(origin).value());
  return out;
}

void print_address(const HttpServer& server) {
  const auto at = server.local_endpoint();
  const auto form = at.address().is_v6() ? "[{}]:{}\n" : "{}:{}\n";
  fmt::print(fmt::runtime(form), at.address().to_string(), at.port());
  std::fflush(stdout);
}

asio::awaitable<void> stop_at_signal(asio::signal_set& signals, HttpServer& server) {
  co_await signals.async_wait(asio::use_awaitable);
  log::info("stopping");
  notify::stopping();
  co_await server.stop();
}

Metrics metrics_of(const HttpServer& server, const Service& service, const LmdbStorage& storage) {
  const auto counts = server.counts();
  return {.connections = counts.connections,
          .requests = counts.requests,
          .refusals = counts.refusals,
          .commits = storage.durable_commits(),
          .chunks = storage.chunks(),
          .open = counts.open,
          .sessions = service.sessions(),
          .polls = service.waiting(),
          .watches = counts.watches,
          .notices = counts.notices};
}

std::string standing(const HttpServer& server) { return fmt::format("Serving {}", server.local_endpoint().port()); }

HttpServer start_api(asio::io_context& io, const Options& options, Service& service) {
  HttpServerOptions http{.listen = options.listen};
  http.body_limit = body_limit;
  http.is_known = [&service](std::string_view authorization) { return service.api().is_known(authorization); };
  if (!options.certificate.empty()) http.tls = TlsFiles{options.certificate, options.key};
  auto answer = [&service](wire::HttpRequest request) { return service.answer(std::move(request)); };
  auto watch = [&service](wire::HttpRequest request) { return service.watch(std::move(request)); };
  auto server = HttpServer::start(io.get_executor(), http, std::move(answer), std::move(watch)).value();
  service.api().accept_origins(accepted_origins(options, server));
  return server;
}

using ReadMetrics = std::function<Metrics()>;

std::optional<HttpServer> start_metrics(asio::io_context& io, const Options& options, ReadMetrics read) {
  if (options.metrics.empty()) return std::nullopt;
  HttpServerOptions http{.listen = options.metrics, .connections = 8};
  return HttpServer::start(io.get_executor(), http,
                           [read = std::move(read)](wire::HttpRequest request) -> asio::awaitable<wire::HttpResponse> {
                             co_return answer_metrics(request, read());
                           })
      .value();
}

int serve(const Options& options) {
  make_private(options.data);
  auto storage = LmdbStorage::open(options.data, {.quota = options.quota}).value();
  asio::io_context io{1};
  // Exists before the address is printed, because whoever reads the address may send a signal.
  asio::signal_set signals{io, SIGTERM, SIGINT};
  Service service{io.get_executor(), *storage, {.registration = options.registration}};
  auto server = start_api(io, options, service);
  const auto metrics =
      start_metrics(io, options, [&server, &service, &storage] { return metrics_of(server, service, *storage); });
  print_address(server);
  notify::ready();
  const notify::Heartbeat heartbeat{io.get_executor(), [&server] { return standing(server); }};
  asio::co_spawn(io, stop_at_signal(signals, server), [&io](std::exception_ptr failure) {
    io.stop();
    if (failure) std::rethrow_exception(failure);
  });
  io.run();
  return 0;
}

std::unique_ptr<LmdbStorage> open_beside(const Options& options) {
  return LmdbStorage::open(options.data, {.sharing = store::Sharing::beside}).value();
}

void add_server_options(CLI::App& app, Options& options) {
  const std::map<std::string, Registration> registrations{
      {"open", Registration::open}, {"invite", Registration::invite}, {"closed", Registration::closed}};
  app.add_option("--data", options.data, "the server's folder; made if it is not there")->required();
  app.add_option("--listen", options.listen, "HOST:PORT to listen on; port 0 picks one")->capture_default_str();
  const auto named = [](const std::string& file) { return file.empty() ? "a file has to be named" : ""; };
  auto* certificate = app.add_option("--tls-cert", options.certificate, "certificate chain, PEM")->check(named);
  app.add_option("--tls-key", options.key, "its private key, PEM")->needs(certificate)->check(named);
  certificate->needs("--tls-key");
  app.add_option("--registration", options.registration, "who may make an account: open, invite or closed")
      ->type_name("open|invite|closed")
      ->transform(CLI::Transformer(registrations, CLI::ignore_case).description(""));
  app.add_option("--origin", options.origins, "a URL by which clients know this server; may be given again")
      ->check([](const std::string& text) {
        const auto origin = wire::Origin::parse(text);
        return origin ? std::string{} : origin.error().message();
      });
  app.add_option("--metrics", options.metrics, "HOST:PORT, loopback, to show numbers on at /metrics");
  app.add_option("--quota", options.quota, "bytes that a new account may store")->capture_default_str();
  app.add_option("--engine", options.engine, "where data lies")->check(CLI::IsMember({"lmdb"}))->capture_default_str();
}

using Command = std::function<Result<void>()>;

// Adds the subcommands. The one that is given sets `command`.
void add_commands(CLI::App& app, Options& o, Command& command) {
  app.require_subcommand(0, 1);
  app.add_subcommand("invite", "make an invitation and print its token")->callback([&] {
    command = [&] { return admin::invite(*open_beside(o), std::cout); };
  });
  auto* backup = app.add_subcommand("backup", "copy the database, while the server may run, into a new file");
  backup->add_option("FILE", o.path)->required();
  backup->callback([&] { command = [&] { return open_beside(o)->copy_to(o.path); }; });
  auto* sealed = app.add_subcommand("export", "write an account's sealed objects into a new folder");
  sealed->add_option("NAME", o.name)->required();
  sealed->add_option("DIR", o.path)->required();
  sealed->callback([&] { command = [&] { return admin::export_account(*open_beside(o), o.name, o.path); }; });

  auto* account = app.add_subcommand("account", "list accounts, remove one, or change what it may store");
  account->require_subcommand(1);
  account->add_subcommand("ls", "name, vault, keyring version, bytes and quota of each")->callback([&] {
    command = [&] { return admin::list_accounts(*open_beside(o), std::cout); };
  });
  auto* remove = account->add_subcommand("rm", "remove an account with all it has");
  remove->add_option("NAME", o.name)->required();
  remove->callback([&] { command = [&] { return open_beside(o)->remove_account(o.name); }; });
  auto* quota = account->add_subcommand("quota", "set how many bytes an account may store");
  quota->add_option("NAME", o.name)->required();
  quota->add_option("BYTES", o.quota)->required();
  quota->callback([&] { command = [&] { return open_beside(o)->set_quota(o.name, o.quota); }; });
}

int fail(const boost::system::error_code& error) {
  fmt::print(stderr, "vault-server: {}\n", error.message());
  return error_class(error).exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  harden_process();
  Options options;
  Command command;
  CLI::App app{"Stores vaults that it cannot read. Prints its address when it is ready.", "vault-server"};
  app.set_version_flag("--version", VAULT_VERSION);
  add_server_options(app, options);
  add_commands(app, options, command);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e, std::cout, std::cerr) == 0 ? 0 : error_class(make_error_code(Errc::usage)).exit_code;
  }
  try {
    if (!command) return serve(options);
    const auto done = command();
    return done ? 0 : fail(done.error());
  } catch (const boost::system::system_error& e) {
    return fail(e.code());
  } catch (const std::exception& e) {
    fmt::print(stderr, "vault-server: {}\n", e.what());
    return 1;
  }
}
