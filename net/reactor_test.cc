#include "net/reactor.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace blindai {
namespace {

using std::chrono::milliseconds;

struct Pair {
  Pair() { EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0); }
  ~Pair() {
    close(fd[0]);
    close(fd[1]);
  }
  int fd[2];
};

TEST(Reactor, ReadableFiresOncePerWait) {
  Pair pair;
  auto reactor = Reactor::create();
  auto watch = reactor->watch(pair.fd[0]);
  auto timer = reactor->timer();
  int fired = 0;
  watch->when_readable([&] { ++fired; });
  ASSERT_EQ(write(pair.fd[1], "xy", 2), 2);
  timer->after(milliseconds(20), [&] { reactor->stop(); });
  reactor->run();
  EXPECT_EQ(fired, 1);
  watch->when_readable([&] {
    ++fired;
    reactor->stop();
  });
  reactor->run();
  EXPECT_EQ(fired, 2);
}

TEST(Reactor, DestroyedWatchAndCancelledWaitNeverFire) {
  Pair pair;
  auto reactor = Reactor::create();
  auto timer = reactor->timer();
  auto watch = reactor->watch(pair.fd[0]);
  bool fired = false;
  watch->when_readable([&] { fired = true; });
  ASSERT_EQ(write(pair.fd[1], "x", 1), 1);
  watch.reset();
  auto second = reactor->watch(pair.fd[0]);
  second->when_readable([&] { fired = true; });
  second->cancel();
  timer->after(milliseconds(20), [&] { reactor->stop(); });
  reactor->run();
  EXPECT_FALSE(fired);
}

TEST(Reactor, WaitAfterCancelFires) {
  Pair pair;
  auto reactor = Reactor::create();
  auto watch = reactor->watch(pair.fd[0]);
  bool stale = false;
  bool fresh = false;
  watch->when_readable([&] { stale = true; });
  watch->cancel();
  watch->when_readable([&] {
    fresh = true;
    reactor->stop();
  });
  ASSERT_EQ(write(pair.fd[1], "x", 1), 1);
  auto timer = reactor->timer();
  timer->after(milliseconds(500), [&] { reactor->stop(); });
  reactor->run();
  EXPECT_FALSE(stale);
  EXPECT_TRUE(fresh);
}

TEST(Reactor, TimersCanBeSetAgainAndCancelled) {
  auto reactor = Reactor::create();
  auto timer = reactor->timer();
  auto other = reactor->timer();
  std::string order;
  timer->after(milliseconds(5), [&] { order += "a"; });
  timer->after(milliseconds(10), [&] { order += "b"; });
  other->after(milliseconds(5), [&] { order += "c"; });
  other->cancel();
  auto end = reactor->timer();
  end->after(milliseconds(40), [&] { reactor->stop(); });
  reactor->run();
  EXPECT_EQ(order, "b");
}

TEST(Reactor, LingeringLoopServesEveryKindOfEvent) {
  Pair pair;
  auto reactor = Reactor::create(milliseconds(2));
  auto watch = reactor->watch(pair.fd[0]);
  auto timer = reactor->timer();
  std::string order;
  watch->when_readable([&] { order += "r"; });
  reactor->post([&] {
    order += "p";
    ASSERT_EQ(write(pair.fd[1], "x", 1), 1);
    timer->after(milliseconds(20), [&] {
      order += "t";
      reactor->stop();
    });
  });
  reactor->run();
  EXPECT_EQ(order, "prt");
}

TEST(Reactor, AnAwakeLoopServesAndStops) {
  for (const auto linger : {milliseconds(0), milliseconds(1)}) {
    Pair pair;
    auto reactor = Reactor::create(linger);
    auto watch = reactor->watch(pair.fd[0]);
    auto timer = reactor->timer();
    std::string order;
    watch->when_readable([&] { order += "r"; });
    reactor->post([&] {
      reactor->stay_awake(std::chrono::hours(1));
      ASSERT_EQ(write(pair.fd[1], "x", 1), 1);
      timer->after(milliseconds(20), [&] {
        order += "t";
        reactor->stop();
      });
    });
    reactor->run();
    EXPECT_EQ(order, "rt");
  }
}

TEST(Reactor, PostFromAnotherThreadRunsOnTheLoop) {
  auto reactor = Reactor::create();
  std::thread::id ran_on;
  std::thread other([&] {
    reactor->post([&] {
      ran_on = std::this_thread::get_id();
      reactor->stop();
    });
  });
  reactor->run();
  other.join();
  EXPECT_EQ(ran_on, std::this_thread::get_id());
}

}  // namespace
}  // namespace blindai
