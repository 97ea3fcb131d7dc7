// SPDX-License-Identifier: Apache-2.0
// Runs the real vaultctl against a daemon that answers as a test says.
#pragma once

#include <boost/json/serialize.hpp>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/api/item.hpp"
#include "tests/ipc/support.hpp"

namespace vault::tests {

struct Ran {
  int code = -1;  // of exit; -1 if a signal ended it
  std::string out, err;
};

using Words = std::vector<std::string>;

inline std::string json_of(const std::optional<ipc::AttributesPatch>& patch) {
  return patch ? boost::json::serialize(ipc::Codec<ipc::AttributesPatch>::encode(*patch)) : "";
}

// With nothing but `environment`, `input` on stdin, and no controlling terminal.
Ran run_vaultctl(const Words& words, std::string_view input = {}, const Words& environment = {});

// vaultctl at a terminal of its own: what it shows can be waited for, and answered.
class AtTerminal {
 public:
  AtTerminal(const Words& words, const Words& environment);
  ~AtTerminal();
  AtTerminal(const AtTerminal&) = delete;
  bool shows(std::string_view text);  // waits until it was shown since the last call
  bool echoes() const;                // whether the terminal would show what is typed now
  void type(std::string_view text);
  void signal(int number) const;
  int end();  // its exit code, 128 + the signal that ended it
  const std::string& all() const { return all_; }

 private:
  bool fill();
  int terminal_ = -1;
  pid_t child_ = -1;
  std::string all_;
  std::size_t seen_ = 0;
};

// A daemon with an empty registry; a test adds the handlers it needs before start().
class FakeDaemon {
 public:
  ipc::Registry registry;
  void start() { server_.emplace(path(), registry); }
  std::string path() const { return folder_.path("s"); }
  Ran run(Words words, std::string_view input = {}, Words environment = {});
  Words environment() const { return {"VAULTD_SOCKET=" + path(), "TERM=dumb"}; }
  const TempFolder& folder() const { return folder_; }

  // Says to vaultctl put that its item could be written.
  void lets_put() {
    on(ipc::methods::item_put_many,
       [](ipc::PutManyParams) -> Result<ipc::PutManyResult> { return ipc::PutManyResult{}; });
  }

  template <class P, class R, class Handler>
  void on(const ipc::Method<P, R>& method, Handler handler) {
    registry.on(method,
                [handler](P params) -> boost::asio::awaitable<Result<R>> { co_return handler(std::move(params)); });
  }

 private:
  TempFolder folder_;
  std::optional<RunningServer> server_;
};

}  // namespace vault::tests
