// SPDX-License-Identifier: Apache-2.0
// Reads tests/vectors/*.vec: known answers of an implementation that was written from crypto/FORMAT.md alone.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/crypto/fixtures.hpp"

namespace vault::tests {

class Block {
 public:
  bool has(const std::string& key) const { return fields_.count(key) != 0; }
  const std::string& text(const std::string& key) const;  // fails the test if there is no such line
  Bytes bytes(const std::string& key) const { return bytes_of_hex(text(key)); }
  std::uint64_t number(const std::string& key) const { return std::stoull(text(key)); }
  template <class T>
  T fixed(const std::string& key) const {
    return of_hex<T>(text(key));
  }
  template <class AnyKey>
  AnyKey key(const std::string& key) const {
    return key_of<AnyKey>(bytes(key));
  }
  template <class AnySigner>
  AnySigner signer(const std::string& key) const {
    return crypto::SignerAccess::from_seed<AnySigner>(Secret::copy_of(bytes(key)));
  }
  crypto::BoxPrivate box(const std::string& key) const { return crypto::BoxAccess::make(Secret::copy_of(bytes(key))); }
  // Separated by spaces or commas.
  std::vector<std::string> words(const std::string& key) const;

  bool must_be_refused() const { return text("expect") == "error"; }

  // `key` itself, or its length and hash where the file gives only those.
  bool matches(const std::string& key, BytesView actual) const;

  // `key`, or `length` bytes of value `fill`.
  Bytes bytes_or_fill(const std::string& key) const;

  void set(const std::string& key, std::string value) { fields_[key] = std::move(value); }

 private:
  std::map<std::string, std::string> fields_;
};

// All blocks of tests/vectors/<file>, at least one. Fails the test if the file cannot be read.
std::vector<Block> read_vectors(const std::string& file);

// Runs `check` on each block of whom `what` is (all, if empty), and asks for at least `least` of them.
template <class Check>
void for_each_block(const std::string& file, const std::string& what, std::size_t least, Check check) {
  std::size_t count = 0;
  for (const auto& block : read_vectors(file)) {
    if (!what.empty() && block.text("what") != what) continue;
    INFO(file << " " << block.text("name"));
    check(block);
    ++count;
  }
  CHECK(count >= least);
}

}  // namespace vault::tests
