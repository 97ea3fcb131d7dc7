// SPDX-License-Identifier: Apache-2.0
#include "ctl/errc.hpp"

#include <array>

#include "base/error_table.hpp"

namespace vault {
namespace {

constexpr std::array ctl_details{
    ErrorDetail{CtlErrc::password_needed, Errc::usage,
                "a password is needed and there is no terminal to ask at: give --password-fd N or --password-file F"},
    ErrorDetail{CtlErrc::password_mismatch, Errc::usage, "the two passwords are not the same"},
    ErrorDetail{
        CtlErrc::export_folder_taken, Errc::usage,
        "the folder is not empty: --resume goes on with an export that is there, but only with one of this vault"},
    ErrorDetail{CtlErrc::export_path_bad, Errc::tamper,
                "the daemon named a file of the export that would not lie in its folder"},
    ErrorDetail{CtlErrc::export_incomplete, Errc::gap,
                "the export lacks parts of large values, which are named above: run it again when the server has them"},
};

}  // namespace

const boost::system::error_category& ctl_errors() noexcept {
  static const ErrorTable table{"vault.ctl", ctl_details};
  return table;
}

}  // namespace vault
