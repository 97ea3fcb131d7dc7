// SPDX-License-Identifier: Apache-2.0
// A folder of its own for a test, a server in a thread, and a raw client that waits with a deadline.
#pragma once

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "ipc/server.hpp"

namespace vault::tests {

class TempFolder {  // 0700, removed with all in it
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  std::string path(std::string_view name) const { return (folder_ / name).string(); }
  std::string path() const { return folder_.string(); }

 private:
  std::filesystem::path folder_;
};

// Serves `registry` at `path` until destroyed. The registry's handlers run on the server's thread.
class RunningServer {
 public:
  RunningServer(const std::string& path, const ipc::Registry& registry, ipc::Deadlines deadlines = {});
  ~RunningServer() { stop(); }
  void stop();  // and waits until run() has returned
  void begin_stop();
  std::size_t connections();  // asked on the server's thread

 private:
  boost::asio::io_context context_{1};
  std::unique_ptr<ipc::Server> server_;
  std::thread thread_;
};

class RawClient {
 public:
  explicit RawClient(const std::string& path);
  ~RawClient() { close(); }
  RawClient(const RawClient&) = delete;
  bool send(std::string_view bytes);                                      // all of them, or false
  bool send_with(std::string_view bytes, const std::vector<int>& files);  // in one sendmsg
  void end_sending();                                                     // the other direction stays open
  void close();
  std::string line();  // without the newline; "" at the end of the stream
  std::string bytes(std::size_t n);
  bool at_end();  // waits for the other side to close
  int descriptor() const { return socket_; }

 private:
  bool fill();
  int socket_;
  std::string buffer_;
};

bool eventually(const std::function<bool()>& condition);  // polls it, ten seconds long

// Runs `body` in a child as the user nobody and returns its exit code.
int as_nobody(const std::function<int()>& body);
bool can_change_uid();  // that takes root

}  // namespace vault::tests
