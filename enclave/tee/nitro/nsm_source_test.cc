#include "enclave/tee/nitro/nsm_source.h"

#include <cerrno>
#include <gtest/gtest.h>

#include "lib/base/cbor.h"
#include "tests/support/fake_kernel.h"

namespace blindai {
namespace {

Bytes answer_with(BytesView document) {
  return Cbor::map({{Cbor::text("Attestation"),
                     Cbor::map({{Cbor::text("document"), Cbor::bytes(document)}})}})
      .encode();
}

Bytes refuse_with(std::string_view name) {
  return Cbor::map({{Cbor::text("Error"), Cbor::text(name)}}).encode();
}

class NsmSourceTest : public testing::Test {
 protected:
  NsmSourceTest() {
    data_.fill(0xa5);
    kernel_.nsm = FakeNsm{.answer = [this](BytesView request) -> Errno<Bytes> {
      request_ = to_bytes(request);
      return answer_with(document_);
    }};
  }
  ~NsmSourceTest() override { EXPECT_EQ(kernel_.num_open(), 0u); }
  void expect_error(Code code, const char* id) {
    const auto evidence = source_.evidence(data_);
    ASSERT_FALSE(evidence.has_value()) << id;
    EXPECT_EQ(evidence.error().name(), id);
    EXPECT_EQ(evidence.error().code, code);
    EXPECT_NE(std::string_view(evidence.error().id.advice), "");
  }

  FakeKernel kernel_;
  NsmSource source_{kernel_};
  ByteArray<64> data_{};
  Bytes document_ = Bytes(5000, 9);
  Bytes request_;
};

TEST_F(NsmSourceTest, BringsADocument) {
  const auto evidence = source_.evidence(data_);
  ASSERT_TRUE(evidence.has_value()) << evidence.error().describe();
  EXPECT_EQ(evidence->tee, Tee::kNitro);
  EXPECT_EQ(evidence->quote, document_);
  EXPECT_FALSE(source_.is_simulation());
  EXPECT_TRUE(source_.collateral().has_value());
}

// As AWS's own library encodes it:
// {"Attestation":{"user_data":h'…',"nonce":null,"public_key":null}}.
TEST_F(NsmSourceTest, AsksAsTheModuleExpects) {
  ASSERT_TRUE(source_.evidence(data_).has_value());
  EXPECT_EQ(to_hex(request_), "a16b4174746573746174696f6ea369757365725f646174615840" +
                                  to_hex(data_) + "656e6f6e6365f66a7075626c69635f6b6579f6");
}

TEST_F(NsmSourceTest, ReadsMapsOfOpenLength) {
  const Bytes open = from_hex("bf6b4174746573746174696f6ebf68646f63756d656e7442abcdffff").value();
  EXPECT_EQ(nsm_document(open).value(), (Bytes{0xab, 0xcd}));
}

TEST_F(NsmSourceTest, SaysThatTheModuleRefused) {
  for (const char* name :
       {"InvalidArgument", "InvalidOperation", "InputTooLarge", "InternalError"}) {
    kernel_.nsm->answer = [name](BytesView) -> Errno<Bytes> { return refuse_with(name); };
    expect_error(Code::kUnavailable, "tee.nitro.refused");
  }
}

TEST_F(NsmSourceTest, SaysThatTheDriverFailed) {
  for (const int error : {EIO, ETIMEDOUT, ENODATA, EMSGSIZE, EINVAL}) {
    kernel_.nsm->answer = [error](BytesView) -> Errno<Bytes> { return std::unexpected(error); };
    expect_error(Code::kUnavailable, "tee.nitro.failed");
  }
}

// The driver cuts a response off at the buffer's end and says nothing.
TEST_F(NsmSourceTest, TakesNoResponseThatWasCutOff) {
  document_ = Bytes(0x3000, 9);
  expect_error(Code::kUnavailable, "tee.nitro.failed");
}

TEST_F(NsmSourceTest, TakesNoOtherAnswer) {
  const Bytes good = answer_with(Bytes(30, 7));
  for (size_t n = 0; n < good.size(); ++n)
    EXPECT_EQ(nsm_document(BytesView(good).first(n)).error().name(), "tee.nitro.failed") << n;
  Bytes longer = good;
  longer.push_back(0);
  const Bytes cases[] = {longer,
                         answer_with({}),
                         Cbor::map({}).encode(),
                         Cbor::text("GetRandom").encode(),
                         from_hex("a16b4174746573746174696f6ea0").value(),
                         from_hex("a2654572726f7200646e6f6e6500").value()};
  for (const Bytes& wire : cases) {
    const auto document = nsm_document(wire);
    ASSERT_FALSE(document.has_value());
    EXPECT_TRUE(document.error().name() == "tee.nitro.failed" ||
                equal(wire, cases[5]));  // an error, whatever follows
  }
  // A flipped bit is refused, or changes the document's own bytes; it cannot move them.
  const BytesView document = BytesView(good).last(30);
  for (size_t i = 0; i < (good.size() - 30) * 8; ++i) {
    Bytes other = good;
    other[i / 8] = static_cast<uint8_t>(other[i / 8] ^ 1 << i % 8);
    const auto read = nsm_document(other);
    if (read.has_value()) {
      EXPECT_TRUE(equal(*read, document)) << i;
    }
  }
}

TEST_F(NsmSourceTest, SaysWhatIsMissingOnTheMachine) {
  kernel_.nsm->open_error = EACCES;
  expect_error(Code::kDenied, "tee.nitro.permission");
  kernel_.nsm->open_error = ENXIO;
  expect_error(Code::kNotFound, "tee.nitro.absent");
  kernel_.nsm.reset();
  expect_error(Code::kNotFound, "tee.nitro.absent");
}

}  // namespace
}  // namespace blindai
