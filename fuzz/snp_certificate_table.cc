// Property: each certificate that is found lies in the table, behind its entries; more bytes at the
// end change nothing.
#include <cstdlib>

#include "enclave/tee/snp/certificate_table.h"

namespace {
void require(bool condition) {
  if (!condition) std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kEntryLen = 24;
  const blindai::BytesView wire(data, size);
  const auto table = blindai::parse_certificate_table(wire);
  if (!table.has_value()) return 0;
  const blindai::BytesView found[] = {table->vcek, table->vlek, table->ask, table->ark};
  size_t num_found = 0;
  for (const blindai::BytesView view : found) num_found += view.empty() ? 0u : 1u;
  for (const blindai::BytesView view : found) {
    if (view.empty()) continue;
    require(view.data() >= data + (num_found + 1) * kEntryLen);
    require(view.data() + view.size() <= data + size);
  }
  if (size == blindai::kMaxCertificateTable) return 0;
  blindai::Bytes longer = blindai::to_bytes(wire);
  longer.push_back(0xff);
  const auto again = blindai::parse_certificate_table(longer);
  require(again.has_value() && blindai::equal(again->ark, table->ark) &&
          blindai::equal(again->vcek, table->vcek));
  require(blindai::chain_of(*table).empty() == (table->ask.empty() || table->ark.empty()));
  return 0;
}
