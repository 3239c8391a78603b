#include "enclave/app/operator_listener.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace blindai {
namespace {

TEST(OperatorListener, IsForThisMachineUnlessToldOtherwise) {
  for (const char* own : {"127.0.0.1:0", "127.1.2.3:0", "localhost:0"}) {
    const Outcome<int> fd = listen_for_operator(own, false);
    ASSERT_TRUE(fd.has_value()) << own << ": " << fd.error().sentence;
    ::close(*fd);
  }
  const Outcome<int> refused = listen_for_operator("0.0.0.0:0", false);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().name(), "app.metrics-address");
  EXPECT_NE(refused.error().sentence.find("--metrics-anywhere"), std::string::npos);
  const Outcome<int> asked_for = listen_for_operator("0.0.0.0:0", true);
  ASSERT_TRUE(asked_for.has_value()) << asked_for.error().sentence;
  ::close(*asked_for);
}

TEST(OperatorListener, NamesItsOptionWhenTheAddressIsWrong) {
  const Outcome<int> fd = listen_for_operator("9925", false);
  ASSERT_FALSE(fd.has_value());
  EXPECT_EQ(fd.error().name(), "net.address");
  EXPECT_EQ(fd.error().sentence.rfind("--metrics: ", 0), 0u);
}

}  // namespace
}  // namespace blindai
