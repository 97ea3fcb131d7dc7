// SPDX-License-Identifier: Apache-2.0
#include "tests/crypto/vec.hpp"

#include <fstream>
#include <sstream>

namespace vault::tests {

const std::string& Block::text(const std::string& key) const {
  INFO("key " << key);
  REQUIRE(has(key));
  return fields_.at(key);
}

std::vector<std::string> Block::words(const std::string& key) const {
  auto line = text(key);
  std::ranges::replace(line, ',', ' ');
  std::istringstream in{line};
  std::vector<std::string> out;
  for (std::string word; in >> word;) out.push_back(word);
  return out;
}

bool Block::matches(const std::string& key, BytesView actual) const {
  if (has(key)) return hex(actual) == text(key);
  return actual.size() == number(key + "_length") && hex(crypto::sha256(actual)) == text(key + "_sha256");
}

Bytes Block::bytes_or_fill(const std::string& key) const {
  if (has(key)) return bytes(key);
  return Bytes(number("length"), bytes("fill").at(0));
}

std::vector<Block> read_vectors(const std::string& file) {
  std::ifstream in{std::string{VAULT_TREE} + "/tests/vectors/" + file};
  INFO(file);
  REQUIRE(in.good());
  std::vector<Block> out;
  bool in_block = false;
  for (std::string line; std::getline(in, line);) {
    if (line.empty()) in_block = false;
    if (line.empty() || line[0] == '#') continue;
    const auto equals = line.find(" =");
    REQUIRE(equals != std::string::npos);
    if (!in_block) out.emplace_back();
    in_block = true;
    out.back().set(line.substr(0, equals), line.size() > equals + 3 ? line.substr(equals + 3) : "");
  }
  REQUIRE_FALSE(out.empty());
  return out;
}

}  // namespace vault::tests
