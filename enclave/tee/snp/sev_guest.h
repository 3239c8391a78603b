// /dev/sev-guest, the driver's own interface: an attestation report, for kernels before
// configfs-tsm, and a key that the firmware derives.
//
// Sources: Linux, Documentation/virt/coco/sev-guest.rst, sections 2.1 and 2.3; linux/sev-guest.h
// (since 5.19); drivers/virt/coco/sev-guest/sev-guest.c for what fails how; AMD 56860, tables
// MSG_REPORT_RSP, MSG_KEY_REQ and MSG_KEY_RSP. What they mean for a caller:
//   - the certificates' buffer is a whole number of pages. One that is too small is EIO with the
//     VMM's error 1, and then the size that is needed. Kernels allow 16 KiB and answer EINVAL
//     beyond.
//   - the VMM's error 2 is a host that throttles; the driver waits for it, older ones pass it on.
//   - after any other error the driver throws its message key away: EIO or ENOTTY for ever after.
#pragma once

#include "enclave/tee/kernel/kernel.h"
#include "lib/base/result.h"
#include "lib/base/secret.h"

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

// The 32 bytes that the firmware derives from this chip's VCEK for this guest: its launch
// measurement and its guest policy are mixed in, and the VMPL. Not mixed in are
//   the TCB version  a key bound to it is another after each firmware update. An attacker who has
//                    the machine gains from that: old firmware gives the same key as new. Users
//                    refuse such a server by their policy's floors, but models that it has it can
//                    open; docs/threat-model.md says so.
//   guest SVN, family and image id   of the ID block, which the host chooses when there is no
//                    signer of it.
// Errors: those of sev_guest_report().
Result<SecretKey> sev_guest_key(Kernel& kernel, uint32_t vmpl);

}  // namespace blindai
