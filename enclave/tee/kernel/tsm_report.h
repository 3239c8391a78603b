// Evidence through Linux's common interface for confidential guests, configfs-tsm: one folder per
// report below /sys/kernel/config/tsm/report.
//
// Sources: Linux, Documentation/ABI/testing/configfs-tsm (since 6.7); drivers/virt/coco/tsm.c,
// tdx-guest.c and sev-guest.c for the errors. What they mean for a caller:
//   - inblob takes effect when the file is closed, and what goes wrong then is told to nobody
//     (fs/configfs/file.c): only `generation` shows whether a write counted, and whether somebody
//     else wrote, too. It is read before the first write, after the last, and after the blobs.
//   - outblob is made when it is read. EBUSY: the host is still working on an earlier one. EAGAIN
//     (EWOULDBLOCK) and EINTR: once more.
//   - an outblob that is empty is a request that the host did not fulfil (TDX before Linux 6.19).
#pragma once

#include <optional>

#include "enclave/tee/kernel/kernel.h"
#include "lib/base/result.h"

namespace blindai {

inline constexpr std::string_view kTsmFolder = "/sys/kernel/config/tsm/report";

struct TsmRequest {
  std::string_view provider;          // "tdx_guest" or "sev_guest": whose format is expected
  std::optional<unsigned> privlevel;  // SEV-SNP's VMPL; absent: the kernel's own choice
  bool wants_auxblob;
};

struct TsmReport {
  Bytes outblob;
  Bytes auxblob;  // empty: the host gave none
};

// Blocks while the host works, for some seconds at most between tries. Errors:
//   kNotFound     tee.tsm.absent      the folder is not there: no configfs, or an older kernel
//   kUnavailable  tee.tsm.no-tee      no driver of a TEE has registered (ENXIO)
//   kDenied       tee.tsm.permission
//   kConflict     tee.tsm.provider    the driver is of another TEE
//   kInvalid      tee.tsm.privlevel   the kernel does not allow this level
//   kConflict     tee.tsm.race        another program kept writing to our report
//   kUnavailable  tee.tsm.busy, tee.tsm.refused, tee.tsm.failed
Result<TsmReport> tsm_report(Kernel& kernel, const TsmRequest& request,
                             const ByteArray<64>& report_data);

}  // namespace blindai
