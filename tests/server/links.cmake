# SPDX-License-Identifier: Apache-2.0
# Zero knowledge as a fact about the link line: of our crypto/ the server has hashes, signatures and the public end
# of a keyring with the one seam of its, which is empty, and of Botan what these call. PROGRAM is vault-server. Run by ctest.
cmake_minimum_required(VERSION 3.25)
execute_process(COMMAND nm -C ${PROGRAM} OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)

function(refuse_others what found allowed)
  set(seen 0)
  foreach(symbol IN LISTS found)
    math(EXPR seen "${seen} + 1")
    if(NOT symbol MATCHES "${allowed}")
      message(SEND_ERROR "vault-server has ${symbol} of ${what}")
    endif()
  endforeach()
  if(seen LESS 3)
    message(SEND_ERROR "only ${seen} symbols of ${what}: this test has lost its eyes")
  endif()
endfunction()

string(REGEX MATCHALL "[^a-zA-Z:]vault::crypto::[a-zA-Z0-9_:~]+" ours "${symbols}")
refuse_others("crypto/" "${ours}"
  "::(verify_[a-z]+_?[a-z]*|Sha256.*|hmac_into|hmac_sha256|sha256|sha256_of|keyring_trailer|KeyringTrailer.*|KeyringSignature.*|signed_message|[a-z]+_label|KeyringRole|is_[a-z_]+|fault_point)$")
string(REGEX MATCHALL "Botan::[a-zA-Z0-9_:~]+" botan "${symbols}")
refuse_others("Botan" "${botan}"
  "^Botan::(HashFunction|MessageAuthenticationCode|SymmetricAlgorithm::set_key|Buffered_Computation|SCAN_Name|Sodium::crypto_sign_ed25519_verify_detached|Invalid_Key_Length|Key_Length_Specification|Exception|secure_allocator|[a-z_]*vector)")
