// Adam, clipping, schedules and losses, against numbers worked out by hand.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <numbers>
#include <string>
#include <vector>

#include "autodiff/compile/program.h"
#include "autodiff/grad.h"
#include "nn/layers/linear.h"
#include "nn/learning/loss.h"
#include "nn/optimisers/adam.h"
#include "nn/optimisers/schedule.h"
#include "nn/optimisers/sgd.h"
#include "nn/optimisers/soap.h"
#include "tests/precision.h"

using autodiff::Matrix;
using autodiff::Scalar;
using autodiff::Tape;
using autodiff::Var;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

double value_of(Var y) { return static_cast<double>(evaluate(y)(0, 0)); }

}  // namespace

TEST_CASE("Adam's first step is the rate against the sign of the gradient") {
  std::vector<Scalar> p{1, 1, 1, 1};
  const std::vector<Scalar> g{3, Scalar(-0.001), 0, Scalar(2e-8)};
  nn::Adam adam(4);
  adam.step(p, g, 0.1);
  CHECK(p[0] == doctest::Approx(0.9).epsilon(1e-8 + 10 * rounding));
  CHECK(p[1] == doctest::Approx(1.1).epsilon(1e-5));
  CHECK(p[2] == 1);
  CHECK(p[3] ==
        doctest::Approx(1 - 0.1 * 2 / 3).epsilon(1e-8 + 10 * rounding));  // 2e-8 / (2e-8 + ε)
  CHECK(adam.steps() == 1);
}

TEST_CASE("Adam's second step is what one gets by hand") {
  // β1 = 0.5, β2 = 0.75, g = 1 then 3, rate 1, ε = 0:
  // m = 0.5, 1.75; m̂ = 1, 7/3; v = 0.25, 39/16; v̂ = 1, 39/7.
  std::vector<Scalar> p{0};
  nn::Adam adam(1, {.beta1 = 0.5, .beta2 = 0.75, .epsilon = 0});
  adam.step(p, std::vector<Scalar>{1}, 1);
  CHECK(p[0] == doctest::Approx(-1).epsilon(50 * rounding));
  adam.step(p, std::vector<Scalar>{3}, 1);
  CHECK(p[0] == doctest::Approx(-1 - 7.0 / 3 / std::sqrt(39.0 / 7)).epsilon(50 * rounding));
  CHECK(adam.steps() == 2);
}

TEST_CASE("a hundred steps of Adam agree with Algorithm 1 of the paper written out") {
  constexpr int size = 13;  // no multiple of any vector width
  const nn::Adam::Options options{.beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-3};
  nn::Adam adam(size, options);
  std::vector<Scalar> p(size, Scalar(0.5));
  std::vector<double> theta(size, 0.5), m(size, 0), v(size, 0);
  for (int t = 1; t <= 100; ++t) {
    const double rate = 0.01 / t, scale = t % 3 == 0 ? 0.25 : 1;
    std::vector<Scalar> gradient(size);
    for (int i = 0; i < size; ++i) {
      gradient[i] = static_cast<Scalar>(std::sin(0.7 * t + i) * std::pow(10.0, i % 5 - 2));
      const double g = scale * static_cast<double>(gradient[i]);
      m[i] = options.beta1 * m[i] + (1 - options.beta1) * g;
      v[i] = options.beta2 * v[i] + (1 - options.beta2) * g * g;
      const double m_hat = m[i] / (1 - std::pow(options.beta1, t));
      const double v_hat = v[i] / (1 - std::pow(options.beta2, t));
      theta[i] -= rate * m_hat / (std::sqrt(v_hat) + options.epsilon);
    }
    adam.step(p, gradient, rate, scale);
  }
  for (int i = 0; i < size; ++i) CHECK(p[i] == doctest::Approx(theta[i]).epsilon(500 * rounding));
  CHECK(adam.steps() == 100);
}

TEST_CASE("a gradient's scale does what scaling the gradient does") {
  std::vector<Scalar> a{1, -2, 3}, b = a;
  nn::Adam first(3), second(3);
  for (int t = 0; t < 5; ++t) {
    first.step(a, std::vector<Scalar>{Scalar(1e-9), 4, Scalar(t)}, 0.1, 0.25);
    second.step(b, std::vector<Scalar>{Scalar(0.25e-9), 1, Scalar(0.25 * t)}, 0.1);
  }
  for (int i = 0; i < 3; ++i) CHECK(a[i] == doctest::Approx(b[i]).epsilon(50 * rounding));
  CHECK(a[0] < Scalar(0.99));  // the tiny gradient, where ε counts, did move something
}

TEST_CASE("Adam refuses wrong sizes, names all three and changes nothing") {
  nn::Adam adam(3);
  std::vector<Scalar> three{1, 2, 3};
  const auto message = [&](std::span<Scalar> p, std::span<const Scalar> g) -> std::string {
    try {
      adam.step(p, g, 0.1);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return {};
  };
  std::vector<Scalar> five(5);
  CHECK(message(three, five) == "[adam] made for 3 parameters, got 3 and a gradient of 5");
  CHECK(message(five, three) == "[adam] made for 3 parameters, got 5 and a gradient of 3");
  CHECK(adam.steps() == 0);
  CHECK(three == std::vector<Scalar>{1, 2, 3});
}

TEST_CASE(
    "an optimiser with another's steps and memory goes on as that one would have, and one that "
    "forgot as a new one") {
  nn::Parameters parameters;
  parameters.add("w.weight", 3, 2);
  parameters.add("w.bias", 3, 1);
  parameters.add("v.weight", 1, 3);
  const std::size_t size = 12;
  const auto continues = [&](const auto& make) {
    const auto first = make(), second = make();
    std::vector<Scalar> p(size, 1);
    const auto gradient = [&](int t) {
      std::vector<Scalar> g(size);
      for (std::size_t i = 0; i < size; ++i) g[i] = std::sin(Scalar(t + 1) * Scalar(i + 1));
      return g;
    };
    for (int t = 0; t < 7; ++t) first->step(p, gradient(t), 0.1);
    second->set_steps(first->steps());
    const auto from = first->memory();
    auto to = second->memory();
    REQUIRE(from.size() == to.size());
    for (std::size_t k = 0; k < from.size(); ++k) {
      CHECK(from[k].name == to[k].name);
      to[k].values = from[k].values;
    }
    std::vector<Scalar> other = p;
    for (int t = 7; t < 20; ++t) {
      first->step(p, gradient(t), 0.1);
      second->step(other, gradient(t), 0.1);
    }
    CHECK(p == other);
    CHECK(second->steps() == 20);

    const auto fresh = make();
    first->forget();
    p = other = std::vector<Scalar>(size, 1);
    for (int t = 0; t < 7; ++t) {
      first->step(p, gradient(t), 0.1);
      fresh->step(other, gradient(t), 0.1);
    }
    CHECK(p == other);
    CHECK(first->steps() == 7);
  };
  continues([] { return std::make_unique<nn::Adam>(12); });
  continues([] { return std::make_unique<nn::Sgd>(12, nn::Sgd::Options{.momentum = 0.9}); });
  continues(
      [&] { return std::make_unique<nn::Soap>(parameters, nn::Soap::Options{.refresh = 5}); });
}

TEST_CASE("Adam remembers the means of the gradient and of its square, by their names") {
  std::vector<Scalar> p{0, 0};
  nn::Adam adam(2, {.beta1 = 0.75, .beta2 = 0.5, .epsilon = 1e-8});
  adam.step(p, std::vector<Scalar>{2, -4}, 1);
  const auto memory = adam.memory();
  REQUIRE(memory.size() == 2);
  CHECK(memory[0].name == "m");
  CHECK(memory[0].values(1, 0) == -1);
  CHECK(memory[1].name == "v");
  CHECK(memory[1].values(1, 0) == 8);
}

TEST_CASE("SGD goes the rate times the gradient, and no further") {
  std::vector<Scalar> p{1, 2, 3};
  nn::Sgd sgd(3);
  for (int t = 0; t < 2; ++t) sgd.step(p, std::vector<Scalar>{4, -8, 0}, 0.25, 0.5);
  CHECK(p == std::vector<Scalar>{0, 4, 3});
  CHECK(sgd.steps() == 2);
}

TEST_CASE("SGD's momentum is what one gets by hand, plain and Nesterov's") {
  // μ = 0.5, g = 1, 2, 0, rate 1: v = 1, 2.5, 1.25.
  const auto path = [](bool nesterov) {
    nn::Sgd sgd(1, {.momentum = 0.5, .nesterov = nesterov});
    std::vector<Scalar> p{0}, all;
    for (const Scalar g : {1, 2, 0}) {
      sgd.step(p, std::vector<Scalar>{g}, 1);
      all.push_back(p[0]);
    }
    return all;
  };
  CHECK(path(false) == std::vector<Scalar>{-1, -3.5, -4.75});
  CHECK(path(true) == std::vector<Scalar>{-1.5, -4.75, -5.375});
}

TEST_CASE("SGD refuses wrong sizes and momenta, and forgets when asked") {
  nn::Sgd sgd(3, {.momentum = 0.5});
  std::vector<Scalar> three{1, 2, 3}, five(5);
  CHECK_THROWS_WITH_AS(sgd.step(three, five, 0.1),
                       "[sgd] made for 3 parameters, got 3 and a gradient of 5",
                       std::invalid_argument);
  CHECK(sgd.steps() == 0);
  for (const double bad : {-0.1, 1., not_a_number})
    CHECK_THROWS_WITH_AS(nn::Sgd(3, {.momentum = bad}), doctest::Contains("[sgd] momentum"),
                         std::invalid_argument);
  sgd.step(three, std::vector<Scalar>{1, 1, 1}, 0.1);
  REQUIRE(sgd.memory().size() == 1);
  CHECK(sgd.memory()[0].name == "v");
  CHECK(sgd.memory()[0].values(2, 0) == 1);
  sgd.forget();
  CHECK(sgd.memory()[0].values(2, 0) == 0);
}

TEST_CASE("SOAP refuses bases that never turn") {
  CHECK_THROWS_WITH_AS(nn::Soap(nn::Parameters(), {.refresh = 0}),
                       doctest::Contains("[soap] refresh 0"), std::invalid_argument);
}

TEST_CASE("the optimisers' constants are those of their papers, unless others are asked for") {
  const nn::Adam::Options adam;
  CHECK(adam.beta1 == 0.9);
  CHECK(adam.beta2 == 0.999);
  CHECK(adam.epsilon == 1e-8);
  const nn::Soap::Options soap;
  CHECK(soap.beta1 == 0.95);
  CHECK(soap.beta2 == 0.95);
  CHECK(soap.epsilon == 1e-8);
}

TEST_CASE("the clip factor brings the norm down to the limit and never up") {
  const std::vector<Scalar> g{3, 0, 0, 0, 0, 0, 0, 0, 0, -4};  // norm 5, across the partial sums
  CHECK(nn::clip_factor(g, 1) == doctest::Approx(0.2).epsilon(1e-15));
  CHECK(nn::clip_factor(g, 5) == 1);
  CHECK(nn::clip_factor(g, 100) == 1);
  CHECK(nn::clip_factor(g, infinity) == 1);
  CHECK(nn::clip_factor(std::vector<Scalar>(4, 0), 1) == 1);
  CHECK(nn::clip_factor({}, 1) == 1);
}

TEST_CASE("the clip factor of a gradient that is not finite is NaN") {
  for (const double bad : {not_a_number, infinity, -infinity})
    for (std::size_t at = 0; at < 11; ++at) {
      std::vector<Scalar> g(11, 1);
      g[at] = static_cast<Scalar>(bad);
      CHECK(std::isnan(nn::clip_factor(g, 1)));
      CHECK(std::isnan(nn::clip_factor(g, infinity)));
    }
}

TEST_CASE("StepLR drops by gamma every step_size epochs, counted from epoch 0") {
  const nn::StepLR schedule{1e-3, 10, 0.5};
  CHECK(schedule.rate(0) == 1e-3);
  CHECK(schedule.rate(9) == 1e-3);
  CHECK(schedule.rate(10) == 0.5e-3);
  CHECK(schedule.rate(19) == 0.5e-3);
  CHECK(schedule.rate(20) == 0.25e-3);
  CHECK(schedule.rate(99) == doctest::Approx(1e-3 / 512).epsilon(1e-14));
  CHECK(nn::StepLR{2, 1, 0.1}.rate(3) == doctest::Approx(0.002).epsilon(1e-14));
}

TEST_CASE("WarmupCosine rises in a straight line, peaks once, and falls to zero") {
  const nn::WarmupCosine schedule{0.2, 10, 110};
  for (long step = 0; step < 10; ++step)
    CHECK(schedule.rate(step) == doctest::Approx(0.02 * static_cast<double>(step + 1)));
  CHECK(schedule.rate(10) == 0.2);
  for (long step = 10; step < 110; ++step) {
    CHECK(schedule.rate(step + 1) < schedule.rate(step));
    CHECK(schedule.rate(step) > 0);
  }
  CHECK(schedule.rate(60) == doctest::Approx(0.1));  // half way down
  CHECK(schedule.rate(35) ==
        doctest::Approx(0.2 * std::pow(std::cos(std::numbers::pi / 8), 2)).epsilon(1e-12));
  CHECK(std::abs(schedule.rate(110)) < 1e-15);
  CHECK(std::abs(schedule.rate(1000)) < 1e-15);  // and stays there
}

TEST_CASE("WarmupCosine without a warm-up starts at the peak, and all warm-up is finite") {
  CHECK(nn::WarmupCosine{0.2, 0, 10}.rate(0) == 0.2);
  const nn::WarmupCosine only_warmup{0.2, 10, 10};
  CHECK(only_warmup.rate(9) == doctest::Approx(0.2));
  CHECK(std::isfinite(only_warmup.rate(10)));
}

TEST_CASE("losses are means over all entries") {
  Tape tape;
  Matrix a(2, 3), b(2, 3);
  a << 1, 2, 3, 4, 5, 6;
  b << 1, 0, 4, 4, 8, 0;  // differences 0, 2, -1, 0, -3, 6
  const Var x = tape.constant(a), y = tape.constant(b);
  CHECK(value_of(nn::mse_loss(x, y)) == doctest::Approx(50.0 / 6).epsilon(10 * rounding));
  CHECK(value_of(nn::l1_loss(x, y)) == doctest::Approx(2.0).epsilon(10 * rounding));
  CHECK(value_of(nn::mse_loss(x, x)) == 0);
  CHECK(value_of(nn::l1_loss(x, x)) == 0);
  CHECK(nn::mse_loss(x, y).shape() == autodiff::Shape{1, 1});
}

TEST_CASE("the cross-entropy of logits is that of their softmax, however large they are") {
  Tape tape;
  Matrix logits(3, 2), target(3, 2), classes(1, 2);
  logits << 1, 1000, 2, -1000, -1, 0;
  target << 0.5, 0, 0.25, 0, 0.25, 1;
  classes << 1, 2;
  const Var x = tape.constant(logits);
  const double sum = std::exp(1.) + std::exp(2.) + std::exp(-1.);
  CHECK(value_of(nn::cross_entropy_loss(x, tape.constant(target))) ==
        doctest::Approx((std::log(sum) - (0.5 * 1 + 0.25 * 2 + 0.25 * -1) + 1000) / 2)
            .epsilon(10 * rounding));
  const Var of_classes = nn::cross_entropy_of_classes(x, tape.constant(classes));
  CHECK(value_of(of_classes) ==
        doctest::Approx((std::log(sum) - 2 + 1000) / 2).epsilon(10 * rounding));
  // Its gradient: (softmax - target) / N.
  const Matrix g = evaluate(grad(of_classes, x));
  CHECK(g(0, 0) == doctest::Approx(std::exp(1.) / sum / 2).epsilon(10 * rounding));
  CHECK(g(1, 0) == doctest::Approx((std::exp(2.) / sum - 1) / 2).epsilon(10 * rounding));
  CHECK(g(2, 1) == -0.5);
  CHECK(g(0, 1) == 0.5);
  classes << 1, 3;
  CHECK(std::isnan(value_of(nn::cross_entropy_of_classes(x, tape.constant(classes)))));
}

TEST_CASE("the loss and its gradients lie one after the other, as an optimiser takes them") {
  nn::Parameters parameters;
  const nn::Linear layer(parameters, "l", 2, 1);
  parameters.values()[0] = 3;
  parameters.values()[1] = -1;
  parameters.values()[2] = 2;
  Tape tape;
  Matrix at(2, 1);
  at << 1, 4;
  const Var y = layer(tape.constant(at));  // 3 - 4 + 2
  const autodiff::Program program(loss_and_gradients(pow(y, 2), parameters));
  autodiff::Workspace workspace(program);
  parameters.bind(workspace);
  program.run(workspace);
  CHECK(std::vector<Scalar>(workspace.values().begin(), workspace.values().end()) ==
        std::vector<Scalar>{1, 2, 8, 2});
}

TEST_CASE("Huber's loss is a square up to 1 and a line beyond") {
  Tape tape;
  const auto loss = [&](double prediction, double target) {
    return value_of(nn::huber_loss(tape.constant(static_cast<Scalar>(prediction)),
                                   tape.constant(static_cast<Scalar>(target))));
  };
  CHECK(loss(3, 3) == 0);
  CHECK(loss(0.5, 0) == doctest::Approx(0.125));
  CHECK(loss(0, 1) == doctest::Approx(0.5));
  CHECK(loss(-4, 1) == doctest::Approx(4.5));
  const Var x = tape.constant(Scalar(0.25)), far = tape.constant(Scalar(-7));
  CHECK(value_of(grad(nn::huber_loss(x, tape.constant(0)), x)) == doctest::Approx(0.25));
  CHECK(value_of(grad(nn::huber_loss(far, tape.constant(0)), far)) == doctest::Approx(-1));
}

TEST_CASE("a loss in other units sees both accelerations divided by the unit") {
  Tape tape;
  const Var prediction = tape.constant(Scalar(50)), target = tape.constant(Scalar(30));
  CHECK(value_of(nn::in_units_of(10, nn::l1_loss)(prediction, target)) == doctest::Approx(2));
  CHECK(value_of(nn::in_units_of(10, nn::mse_loss)(prediction, target)) == doctest::Approx(4));
}

TEST_CASE("one cycle goes as PyTorch's OneCycleLR with its defaults") {
  // torch.optim.lr_scheduler.OneCycleLR(max_lr=1, total_steps=10, pct_start=0.4): PyTorch reaches
  // its peak at step pct_start * total - 1, here 3, and its end at the last.
  const nn::OneCycle cycle{.peak = 1, .warmup = 4, .total = 10};
  CHECK(cycle.rate(0) == doctest::Approx(0.04));
  CHECK(cycle.rate(1) == doctest::Approx(0.28));
  CHECK(cycle.rate(2) == doctest::Approx(0.76));
  CHECK(cycle.rate(3) == doctest::Approx(1));
  CHECK(cycle.rate(4) == doctest::Approx(0.933013).epsilon(1e-5));
  CHECK(cycle.rate(9) == doctest::Approx(4e-6));
  for (long step = 4; step < 9; ++step) CHECK(cycle.rate(step) > cycle.rate(step + 1));
  CHECK(cycle.rate(30) == doctest::Approx(4e-6));  // and stays there
  CHECK(nn::OneCycle{.peak = 3, .warmup = 0, .total = 1000}.rate(0) == doctest::Approx(3));
}
