// SPDX-License-Identifier: Apache-2.0
// vaultd: keeps one profile's vault, and serves it to this user's programs on a Unix socket.
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "base/harden.hpp"
#include "base/notify.hpp"
#include "daemon/api/methods.hpp"
#include "daemon/app/app.hpp"
#include "daemon/errc/errc.hpp"
#include "daemon/os/logind.hpp"
#include "daemon/os/loop.hpp"
#include "daemon/salvage/disk_worker.hpp"
#include "ipc/server.hpp"
#include "ipc/socket_path.hpp"
#include "store/faults.hpp"

namespace {

using namespace vault;
namespace asio = boost::asio;
namespace fs = std::filesystem;

// Returns $XDG_STATE_HOME/vaultd/<profile>, never a cache folder: it holds unsent writes and the counter.
Result<fs::path> state_folder(const std::string& profile) {
  const auto variable = [](const char* name) {
    return std::getenv(name) != nullptr ? std::string{std::getenv(name)} : "";
  };
  fs::path base = variable("XDG_STATE_HOME");
  if (!base.is_absolute()) {
    const fs::path home = variable("HOME");
    if (!home.is_absolute()) return DaemonErrc::state_homeless;
    base = home / ".local" / "state";
  }
  std::error_code error;
  fs::create_directories(base / "vaultd", error);  // the umask is 0077 by now
  if (error) return boost::system::error_code{error};
  return base / "vaultd" / profile;
}

Result<ipc::Listener> listener(const ipc::SocketChoice& choice) {
  if (sd_listen_fds(1) > 0) return ipc::Listener::adopt(SD_LISTEN_FDS_START);
  const auto path = ipc::socket_path(choice);
  if (!path) return path.error();
  return ipc::Listener::open(*path);
}

// Stops within seconds, whatever hangs: a slow server, a name look-up. Leaving at once loses nothing, since everything
// that was answered is on the disk.
void stop_soon(ipc::Server& server) {
  constexpr unsigned patience = 4;  // seconds
  std::signal(SIGALRM, [](int) { _exit(0); });
  alarm(patience);
  notify::stopping();
  server.stop();
}

std::string standing(const daemon::App& app) {
  const auto status = daemon::status(app);
  static constexpr const char* words[] = {"No vault yet", "Locked", "Unlocked", "The database is damaged",
                                          "The database is gone"};
  std::string out = words[static_cast<std::size_t>(status.vault.state)];
  if (const auto waiting = status.sync.pending.value_or(0)) out += ", commits to send: " + std::to_string(waiting);
  return out;
}

asio::awaitable<void> run(ipc::Server& server, daemon::App& app, daemon::Logind& logind, asio::signal_set& signals,
                          notify::Heartbeat& heartbeat) {
  co_await server.run();
  logind.stop();
  co_await app.stop();
  heartbeat.stop();
  signals.cancel();
}

// Logs how long the turns of the loop were: one long turn holds up everybody.
void report(const daemon::Turns& turns) {
  const auto us = [](auto time) { return std::chrono::duration_cast<std::chrono::microseconds>(time).count(); };
  log::info("stopped", {{"turns", turns.count()},
                        {"longest_us", us(turns.longest_cpu)},
                        {"slept", turns.slept},
                        {"longest_sleeper_us", us(turns.longest_sleeper)}});
}

int complain(const boost::system::error_code& error) {
  std::cerr << "vaultd: " << error.message() << '\n';
  return error_class(error).exit_code;
}

int serve(const ipc::SocketChoice& choice, std::chrono::milliseconds lock_after, std::uint64_t blob_cache) {
  const auto profile = ipc::profile_name(choice.profile, [](const char* name) { return std::getenv(name); });
  if (!profile) return complain(profile.error());
  const auto folder = state_folder(*profile);
  if (!folder) return complain(folder.error());

  asio::io_context io{1};
  daemon::Turns turns;
  asio::signal_set signals{io, SIGTERM, SIGINT};  // from here on a signal waits for its handler
  daemon::App app{io.get_executor(), *folder, lock_after};
  app.set_blob_cache(blob_cache);
  ipc::Registry registry;
  daemon::serve(registry, app);
  ipc::Server* serving = nullptr;
  daemon::register_metrics(registry, app, {turns, registry, [&serving] { return serving->connections(); }});
  VAULT_ASSERT(registry.without_handler().empty());
  auto socket = listener(choice);
  if (!socket) return complain(socket.error());
  if (const auto opened = app.open(); !opened) return complain(opened.error());

  daemon::Logind logind{
      io.get_executor(),
      {.lock = [&app](log::Literal why) { return app.lock_because(why); }, .woke = [&app] { app.kick(); }}};
  ipc::Server server{io.get_executor(), std::move(*socket), registry};
  serving = &server;
  signals.async_wait([&server](const boost::system::error_code& error, int) {
    if (!error) stop_soon(server);
  });
  log::info("ready");
  notify::ready();  // the socket listens: clients that connect before the loop runs wait in its queue
  notify::Heartbeat heartbeat{io.get_executor(), [&app] { return standing(app); }};
  daemon::spawn(io.get_executor(), "the daemon", run(server, app, logind, signals, heartbeat));
  daemon::spawn(io.get_executor(), "listening to the session manager", logind.run());
  daemon::run_loop(io, turns);
  report(turns);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  harden_process();
  if (argc > 1 && argv[1] == daemon::disk_worker_word) return daemon::work_on_disk({argv + 2, argv + argc});
  store::end_at_faults();
  ipc::SocketChoice choice;
  std::string lock_after = "15", blob_cache = "1G";
  bool verbose = false;
  CLI::App options{"Keeps an encrypted vault and serves it to this user's programs."};
  options.set_version_flag("--version", "vaultd " VAULT_VERSION);
  options.add_option("--profile", choice.profile, "which vault (default: default, or $VAULTD_PROFILE)");
  options.add_option("--socket", choice.socket, "where to listen (default: $XDG_RUNTIME_DIR/vaultd/PROFILE.sock)");
  options.add_option("--lock-after", lock_after, "minutes without use after which it locks; 0 or never (default: 15)");
  options.add_option("--blob-cache", blob_cache,
                     "room for copies of large values that the server has, like 512M; 0: none (default: 1G)");
  options.add_flag("--verbose", verbose, "log more");
  try {
    options.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return options.exit(e) == 0 ? 0 : error_class(Errc::usage).exit_code;
  }
  const auto idle = daemon::minutes_from(lock_after);
  if (!idle) {
    std::cerr << "vaultd: --lock-after takes minutes, up to a year, or never\n";
    return error_class(Errc::usage).exit_code;
  }
  const auto cache = daemon::bytes_from(blob_cache);
  if (!cache) {
    std::cerr << "vaultd: --blob-cache takes bytes, or a number with K, M, G or T behind it\n";
    return error_class(Errc::usage).exit_code;
  }
  if (verbose) log::set_level(log::Level::debug);
  try {
    return serve(choice, *idle, *cache);
  } catch (const boost::system::system_error& e) {
    return complain(e.code());
  }
}
