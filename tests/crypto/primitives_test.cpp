// SPDX-License-Identifier: Apache-2.0
// Published vectors of every primitive, at the functions through which we use it.
#include "crypto/hkdf.hpp"
#include "tests/crypto/fixtures.hpp"

using namespace vault;
using namespace vault::crypto;
using namespace vault::tests;

namespace primitives_test {
namespace {

std::string hkdf_hex(std::string_view ikm, std::string_view salt, std::string_view info, std::size_t size) {
  Bytes out(size);
  hkdf_into(bytes_of_hex(ikm), bytes_of_hex(salt), bytes_of_hex(info), out);
  return hex(out);
}

std::string argon2_hex(const seams::Argon2Costs& costs) {
  Bytes out(32);
  argon2id(bytes_of("password"), bytes_of("somesalt"), costs, out);
  return hex(out);
}

crypto::BoxPrivate box(std::string_view scalar) { return BoxAccess::make(Secret::copy_of(bytes_of_hex(scalar))); }

}  // namespace

TEST_CASE("SHA-256 gives the values of FIPS 180-4") {
  CHECK(hex(sha256(bytes_of(""))) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(hex(sha256(bytes_of("abc"))) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  Sha256 in_parts;
  for (int i = 0; i < 1000; ++i) in_parts.update(Bytes(1000, 'a'));
  CHECK(hex(in_parts.finish()) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  CHECK(hex(in_parts.update(bytes_of("abc")).finish()) == hex(sha256(bytes_of("a"), bytes_of("bc"))));
}

TEST_CASE("HMAC-SHA-256 gives the values of RFC 4231") {
  CHECK(hex(hmac_sha256(Bytes(20, 0x0b), bytes_of("Hi There"))) ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(hex(hmac_sha256(bytes_of("Jefe"), bytes_of("what do ya want "), bytes_of("for nothing?"))) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(hex(hmac_sha256(Bytes(131, 0xaa), bytes_of("Test Using Larger Than Block-Size Key - Hash Key First"))) ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST_CASE("HKDF gives the values of RFC 5869, appendix A.1 to A.3") {
  CHECK(hkdf_hex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
                 42) == "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  std::string ikm, salt, info;
  for (int i = 0; i < 80; ++i) {
    const auto byte = [&](int from) {
      const auto b = static_cast<std::uint8_t>(from + i);
      return hex(BytesView{&b, 1});
    };
    ikm += byte(0x00), salt += byte(0x60), info += byte(0xb0);
  }
  CHECK(hkdf_hex(ikm, salt, info, 82) ==
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09"
        "b8367793a9aca3db71"
        "cc30c58179ec3e87c14c01d5c1f3434f1d87");
  CHECK(hkdf_hex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "", 42) ==
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST_CASE("Argon2id gives the values of the reference implementation") {
  CHECK(argon2_hex({65536, 2, 1}) == "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7");
  CHECK(argon2_hex({256, 2, 1}) == "9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe");
  CHECK(argon2_hex({256, 2, 2}) == "6d093c501fd5999645e0ea3bf620d7b8be7fd2db59c20d9fff9539da2bf57037");
}

TEST_CASE("Ed25519 gives the signatures of RFC 8032 §7.1, and accepts them") {
  // Our keys sign labelled messages only, so the vectors are verified, and the public keys made.
  struct Vector {
    std::string_view seed, key, message, signature;
  };
  for (const auto& v : {Vector{"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                               "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
                               "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e397"
                               "01cf9b46bd25bf5f0595bbe24655141438e7a100b"},
                        Vector{"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                               "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
                               "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f361"
                               "3d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
                        Vector{"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
                               "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
                               "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f76"
                               "0984dc6594a7c15e9716ed28dc027beceea1ec40a"}}) {
    const auto signer = SignerAccess::from_seed<RequestSigner>(Secret::copy_of(bytes_of_hex(v.seed)));
    CHECK(hex(signer.public_key()) == v.key);
    CHECK(verify_signature(signer.public_key(), bytes_of_hex(v.message), of_hex<Signature>(v.signature)));
  }
}

TEST_CASE("X25519 gives the values of RFC 7748 §6.1") {
  const auto alice = box("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
  const auto bob = box("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
  CHECK(hex(alice.public_key()) == "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
  CHECK(hex(bob.public_key()) == "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
  const std::string_view shared = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
  CHECK(hex(BoxAccess::agree(bob, alice.public_key())->view()) == shared);
  CHECK(hex(BoxAccess::agree(alice, bob.public_key())->view()) == shared);
}

TEST_CASE("X25519 with a point of small order is refused") {
  const auto key = box_of_byte(9);
  for (const auto* point : {"0000000000000000000000000000000000000000000000000000000000000000",
                            "0100000000000000000000000000000000000000000000000000000000000000",
                            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
                            "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
                            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"})
    CHECK_FALSE(BoxAccess::agree(key, of_hex<BoxKey>(point)));
}

}  // namespace primitives_test
