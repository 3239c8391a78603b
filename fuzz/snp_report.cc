// SEV-SNP reports. Property: what is accepted is put together again from its fields, byte for byte;
// so every byte is a field's or zero, and no field is read from another one's place.
#include "lib/attest/snp_report.h"

#include <algorithm>
#include <cstdlib>

#include "lib/base/byte_reader.h"

namespace {

using namespace blindai;

void put_firmware(Bytes& out, const SnpFirmware& f) {
  append(out, Bytes{f.build, f.minor, f.major, 0});
}

Bytes written(const SnpReport& r) {
  Bytes out;
  put_u32le(out, r.version);
  put_u32le(out, r.guest_svn);
  put_u64le(out, r.policy);
  append(out, r.family_id);
  append(out, r.image_id);
  put_u32le(out, r.vmpl);
  put_u32le(out, r.signature_algorithm);
  append(out, r.current_tcb);
  put_u64le(out, r.platform_info);
  put_u32le(out, (r.author_key_en ? 1u : 0u) | (r.mask_chip_key ? 2u : 0u) |
                     static_cast<uint32_t>(r.signing_key) << 2);
  put_zeros(out, 4);
  append(out, r.report_data);
  append(out, r.measurement);
  append(out, r.host_data);
  append(out, r.id_key_digest);
  append(out, r.author_key_digest);
  append(out, r.report_id);
  append(out, r.report_id_ma);
  append(out, r.reported_tcb);
  if (r.cpu.has_value()) append(out, Bytes{r.cpu->family, r.cpu->model, r.cpu->stepping});
  put_zeros(out, 0x1a0 - out.size());
  append(out, r.chip_id);
  append(out, r.committed_tcb);
  put_firmware(out, r.current_firmware);
  put_firmware(out, r.committed_firmware);
  append(out, r.launch_tcb);
  put_u64le(out, r.launch_mitigations);
  put_u64le(out, r.current_mitigations);
  put_zeros(out, 0x2a0 - out.size());
  for (const size_t half : {0u, 48u}) {
    const BytesView number = BytesView(r.signature).subspan(half, 48);
    out.insert(out.end(), number.rbegin(), number.rend());
    put_zeros(out, 24);
  }
  put_zeros(out, 1184 - out.size());
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const BytesView wire(data, size);
  const auto report = parse_snp_report(wire);
  if (!report.has_value()) return 0;
  if (!equal(written(*report), wire)) std::abort();
  if (report->cpu.has_value() != (report->version >= 3)) std::abort();
  if (!equal(report->signed_part, wire.first(0x2a0))) std::abort();
  for (const SnpProduct p : {SnpProduct::kMilan, SnpProduct::kGenoa, SnpProduct::kTurin}) {
    const auto tcb = tcb_parts(p, report->reported_tcb);
    if (tcb.has_value() && !tcb->reaches(SnpTcb{})) std::abort();
  }
  return 0;
}
