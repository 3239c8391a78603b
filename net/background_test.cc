#include "net/background.h"

#include <gtest/gtest.h>
#include <string>
#include <thread>

namespace blindai {
namespace {

TEST(Background, WorksInOrderElsewhereAndReportsOnTheLoop) {
  auto reactor = Reactor::create();
  std::string order;
  std::thread::id worked_on;
  std::thread::id reported_on;
  {
    Background background(*reactor);
    background.run([&] { worked_on = std::this_thread::get_id(); }, [&] { order += "a"; });
    background.run([] {},
                   [&] {
                     order += "b";
                     reported_on = std::this_thread::get_id();
                     reactor->stop();
                   });
    reactor->run();
  }
  EXPECT_EQ(order, "ab");
  EXPECT_NE(worked_on, std::this_thread::get_id());
  EXPECT_EQ(reported_on, std::this_thread::get_id());
}

TEST(Background, FinishesItsWorkBeforeItEnds) {
  auto reactor = Reactor::create();
  int finished = 0;
  {
    Background background(*reactor);
    for (int i = 0; i < 10; ++i) background.run([&] { ++finished; }, [] {});
  }
  EXPECT_EQ(finished, 10);
}

TEST(Background, TakesNothingMoreOnceFinished) {
  auto reactor = Reactor::create();
  int worked = 0;
  Background background(*reactor);
  background.run([&] { ++worked; }, [] {});
  background.finish();
  EXPECT_EQ(worked, 1);
  background.run([&] { ++worked; }, [] {});
  background.finish();
  EXPECT_EQ(worked, 1);
}

}  // namespace
}  // namespace blindai
