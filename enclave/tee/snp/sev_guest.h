// An attestation report through /dev/sev-guest, the driver's own interface, for kernels before
// configfs-tsm.
//
// Sources: Linux, Documentation/virt/coco/sev-guest.rst, sections 2.1 and 2.3; linux/sev-guest.h
// (since 5.19); drivers/virt/coco/sev-guest/sev-guest.c for what fails how; AMD 56860, table
// MSG_REPORT_RSP. What they mean for a caller:
//   - the certificates' buffer is a whole number of pages. One that is too small is EIO with the
//     VMM's error 1, and then the size that is needed. Kernels allow 16 KiB and answer EINVAL
//     beyond.
//   - the VMM's error 2 is a host that throttles; the driver waits for it, older ones pass it on.
//   - after any other error the driver throws its message key away: EIO or ENOTTY for ever after.
#pragma once

#include "enclave/tee/kernel/kernel.h"
#include "lib/base/result.h"

namespace blindai {

struct SevReport {
  Bytes report;             // ATTESTATION_REPORT
  Bytes certificate_table;  // as the host gave it; empty: it gave none, or more than fits
};

// `vmpl` 0 to 3, not below the guest's own. Errors:
//   kNotFound     tee.snp.absent      there is no /dev/sev-guest
//   kDenied       tee.snp.permission
//   kUnavailable  tee.snp.busy        the host throttled every try
//   kUnavailable  tee.snp.key-gone    ENOTTY, see above
//   kUnavailable  tee.snp.firmware    the firmware refused
//   kUnavailable  tee.snp.failed
Result<SevReport> sev_guest_report(Kernel& kernel, uint32_t vmpl, const ByteArray<64>& report_data);

}  // namespace blindai
