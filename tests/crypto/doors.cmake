# SPDX-License-Identifier: Apache-2.0
# Fails if a folder other than crypto/ and tests/ includes a header that gives out the bytes of keys, or Botan.
# SOURCE is the tree.
cmake_minimum_required(VERSION 3.25)
set(doors "crypto/(key_access|signer_access|argon2|sealer|botan|hkdf|signed_message)\\.hpp|<botan/|RootAccess|BoxAccess|RecoveryAccess")
set(read 0)
foreach(folder base wire http store ipc daemon ctl server)
  file(GLOB_RECURSE files ${SOURCE}/${folder}/*.hpp ${SOURCE}/${folder}/*.cpp)
  foreach(file IN LISTS files)
    math(EXPR read "${read} + 1")
    file(STRINGS ${file} lines REGEX "${doors}")
    if(lines)
      message(FATAL_ERROR "${file}: ${lines}")
    endif()
  endforeach()
endforeach()
if(read LESS 300)
  message(FATAL_ERROR "only ${read} files read")
endif()
