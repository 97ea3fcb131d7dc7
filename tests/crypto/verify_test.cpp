// SPDX-License-Identifier: Apache-2.0
// What strict verification refuses that a usual one accepts.
#include "tests/crypto/fixtures.hpp"

using namespace vault;
using namespace vault::crypto;
using namespace vault::tests;

namespace verify_test {
namespace {

constexpr std::string_view group_order = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

// S + L: the same signature to whoever computes modulo L.
Signature malleated(const Signature& signature) {
  auto out = signature;
  const auto order = bytes_of_hex(group_order);
  unsigned carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    carry += out.raw[32 + i] + unsigned{order[i]};
    out.raw[32 + i] = static_cast<std::uint8_t>(carry);
    carry >>= 8;
  }
  return out;
}

}  // namespace

TEST_CASE("a signature with L added to S is refused") {
  const auto signer = signer_of_byte<RequestSigner>(1);
  for (std::uint8_t i = 0; i < 20; ++i) {
    const Bytes message(i, i);
    const auto signature = signer.sign_request(message);
    CHECK(verify_request_signature(signer.public_key(), message, signature));
    CHECK_FALSE(verify_request_signature(signer.public_key(), message, malleated(signature)));
  }
}

TEST_CASE("a signature for one purpose is none for another") {
  const auto auth = signer_of_byte<AuthKey>(1);
  const auto digest = sha256(bytes_of("bytes of a server"));
  const auto request = auth.sign_request(digest.view());
  CHECK_FALSE(verify_keyring_signature(auth.public_key(), bytes_of("bytes of a server"), request));
  CHECK(verify_keyring_signature(auth.public_key(), bytes_of("bytes of a server"),
                                 auth.sign_keyring(bytes_of("bytes of a server"))));
}

TEST_CASE("every small-order point is refused as a key and as R, whatever the message") {
  for (const auto* y : {"0000000000000000000000000000000000000000000000000000000000000000",
                        "0100000000000000000000000000000000000000000000000000000000000000",
                        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
                        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
                        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"})
    for (const int sign : {0x00, 0x80}) {
      auto point = of_hex<SignKey>(y);
      point.raw[31] = static_cast<std::uint8_t>(point.raw[31] | sign);
      Signature signature;  // R = A, S = 0: verifies for some messages where small order is allowed
      std::ranges::copy(point.raw, signature.raw.begin());
      for (std::uint8_t i = 0; i < 16; ++i) CHECK_FALSE(verify_signature(point, Bytes(1, i), signature));
      const auto good = signer_of_byte<RequestSigner>(1);
      CHECK_FALSE(verify_signature(good.public_key(), bytes_of("m"), signature));
    }
}

// Chalkias, Garillot, Nikolaenko: "Taming the many EdDSAs", SSR 2020, and the vectors published with it
// (ed25519-speccheck). Without the cofactor and without small order, one of them is good: both points have mixed order
// there, and the equation holds as it is.
TEST_CASE("of the edge cases of \"Taming the many EdDSAs\" the one is accepted that a strict verifier accepts") {
  struct Case {
    std::string_view message, key, signature;
  };
  const Case cases[] = {
      {"8c93255d71dcab10e8f379c26200f3c7bd5f09d9bc3068d3ef4edeb4853022b6",
       "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
       "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a00000000000000000000000000000000000000000000000"
       "00000000000000000"},
      {"9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79",
       "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
       "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7"
       "dfc6637b45450ac04"},
      {"aebf3f2601a0c8c5d39cc7d8911642f740b78168218da8471772b35f9d35b9ab",
       "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43",
       "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa8c4bd45aecaca5b24fb97bc10ac27ac8751a7dfe1baff8b"
       "953ec9f5833ca260e"},
      {"9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79",
       "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
       "9046a64750444938de19f227bb80485e92b83fdb4b6506c160484c016cc1852f87909e14428a7a1d62e9f22f3d3ad7802db02eb2e688b6c"
       "52fcd6648a98bd009"},
      {"e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c",
       "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
       "160a1cb0dc9c0258cd0a7d23e94d8fa878bcb1925f2c64246b2dee1796bed5125ec6bc982a269b723e0668e540911a9a6a58921d6925e43"
       "4ab10aa7940551a09"},
      {"e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c",
       "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
       "21122a84e0b5fca4052f5b1235c80a537878b38f3142356b2c2384ebad4668b7e40bc836dac0f71076f9abe3a53f9c03c1ceeeddb658d00"
       "30494ace586687405"},
      {"85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40",
       "442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623",
       "e96f66be976d82e60150baecff9906684aebb1ef181f67a7189ac78ea23b6c0e547f7690a0e2ddcd04d87dbc3490dc19b3b3052f7ff0538"
       "cb68afb369ba3a514"},
      {"85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40",
       "442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623",
       "8ce5b96c8f26d0ab6c47958c9e68b937104cd36e13c33566acd2fe8d38aa19427e71f98a473474f2f13f06f97c20d58cc3f54b8bd0d272f"
       "42b695dd7e89a8c22"},
      {"fdaebc429f4a735932a160da1301080c13280eea8bc280d1b392c6b9e6ba3a5a",
       "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43",
       "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f454d370c8d9fc323a41450f8d513eafeb5b0697390c1e50"
       "5a0d4ddc71f566607"},
      {"84b698d39be126ff55fe45079e6c8bf64a0d7db6994560b4e96b7021eb39c1a1",
       "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43",
       "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f084d5b99c2a9463d9c8bd5026916996984eeec87ddf1d3b"
       "e329006ace1b37b09"},
      {"9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41",
       "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43",
       "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff03be9678ac102edcd92b0210bb34d7428d12ffc5df5f37e"
       "359941266a4e35f0f"},
      {"9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41",
       "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43",
       "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffca8c5b64cd208982aa38d4936621a4775aa233aa0505711"
       "d8fdcfdaa943d4908"},
      {"e96b7021eb39c1a163b6da4e3093dcd3f21387da4cc4572be588fafae23c155b",
       "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
       "a9d55260f765261eb9b84e106f665e00b867287a761990d7135963ee0a7d59dca5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7"
       "dfc6637b45450ac04"},
      {"39a591f5321bbe07fd5a23dc2f39d025d74526615746727ceefd6e82ae65c06f",
       "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
       "a9d55260f765261eb9b84e106f665e00b867287a761990d7135963ee0a7d59dca5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7"
       "dfc6637b45450ac04"},
  };
  for (const auto& c : cases) {
    INFO(c.message << " " << c.key);
    const bool good = verify_signature(of_hex<SignKey>(c.key), bytes_of_hex(c.message), of_hex<Signature>(c.signature));
    CHECK(good == c.signature.starts_with("9046a64750444938"));
  }
}

TEST_CASE("bytes too short to be a commit have no signature") {
  CHECK_FALSE(verify_commit_signature(signer_of_byte<CommitSigner>(1).public_key(), Bytes(63)));
}

}  // namespace verify_test
