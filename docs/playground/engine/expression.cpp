#include "expression.h"

#include <cctype>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <numbers>
#include <sstream>
#include <stdexcept>
#include <vector>

#include "autodiff/ops.h"

namespace playground {
namespace {

using autodiff::Var;

constexpr std::size_t longest = 200;  // characters; so parentheses cannot nest without end

/// What a part of the text stands for: a plain number, as long as neither x nor y is in it.
struct Term {
  Var var = {};  // empty: the number
  double number = 0;
  std::string code = {};
  /// How tightly the code's outermost operator binds.
  enum Binding { sum, product, value } binds = value;

  bool is_number() const { return !var; }
};

Term of_number(double number) {
  if (!std::isfinite(number))
    throw std::invalid_argument("a part without x and y comes to " + std::to_string(number) +
                                "; it must be finite");
  return {.number = number, .code = digits(number), .binds = number < 0 ? Term::sum : Term::value};
}

std::string code_of(const Term& term, Term::Binding at_least) {
  return term.binds < at_least ? '(' + term.code + ')' : term.code;
}

double softplus(double a) { return std::fmax(a, 0) + std::log1p(std::exp(-std::fabs(a))); }

struct Unary {
  const char* name;
  Var (*record)(Var);
  double (*compute)(double);
};
const Unary unaries[] = {
    {"sin", autodiff::sin, std::sin},
    {"cos", autodiff::cos, std::cos},
    {"tan", autodiff::tan, std::tan},
    {"asin", autodiff::asin, std::asin},
    {"acos", autodiff::acos, std::acos},
    {"atan", autodiff::atan, std::atan},
    {"sinh", autodiff::sinh, std::sinh},
    {"cosh", autodiff::cosh, std::cosh},
    {"tanh", autodiff::tanh, std::tanh},
    {"exp", autodiff::exp, std::exp},
    {"log", autodiff::log, std::log},
    {"sqrt", autodiff::sqrt, std::sqrt},
    {"abs", autodiff::abs, std::fabs},
    {"erf", autodiff::erf, std::erf},
    {"softplus", autodiff::softplus, softplus},
    {"sigmoid", autodiff::sigmoid, [](double a) { return 1 / (1 + std::exp(-a)); }},
};

struct Binary {
  const char* name;
  Var (*record)(Var, Var);
  double (*compute)(double, double);
};
const Binary binaries[] = {
    {"pow", autodiff::pow, std::pow},
    {"atan2", autodiff::atan2, std::atan2},
    {"hypot", autodiff::hypot, std::hypot},
    {"max", autodiff::max, [](double a, double b) { return std::fmax(a, b); }},
    {"min", autodiff::min, [](double a, double b) { return std::fmin(a, b); }},
};

std::string all_names() {
  std::string names;
  for (const Unary& f : unaries) names += std::string(f.name) + ", ";
  for (const Binary& f : binaries) names += std::string(f.name) + ", ";
  return names.substr(0, names.size() - 2);
}

class Parser {
 public:
  Parser(const std::string& text, Var x, Var y) : text_(text), x_(x), y_(y) {}

  Recorded parse() {
    if (text_.size() > longest)
      fail("it has " + std::to_string(text_.size()) + " characters; " + std::to_string(longest) +
               " are the most",
           longest);
    const Term all = sum();
    skip_spaces();
    if (at_ < text_.size())
      fail("'" + next() + "' cannot stand here; expected + - * / ^ or the end", at_);
    // A plain number is a node, too.
    return {as_var(all), all.is_number() ? "tape.constant(" + all.code + ")" : all.code};
  }

 private:
  [[noreturn]] static void fail(const std::string& what, std::size_t at) {
    throw std::invalid_argument("at character " + std::to_string(at + 1) + ": " + what);
  }
  void skip_spaces() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  /// The character to read next, whole where it is one of several bytes.
  std::string next() const {
    std::size_t end = at_ + 1;
    while (end < text_.size() && (static_cast<unsigned char>(text_[end]) & 0xC0) == 0x80) ++end;
    return text_.substr(at_, end - at_);
  }
  bool take(char c) {
    skip_spaces();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void require(char c, const std::string& where) {
    if (take(c)) return;
    fail(std::string("expected '") + c + "' " + where +
             (at_ < text_.size() ? ", not '" + next() + "'" : ", not the end"),
         at_);
  }
  Var as_var(const Term& term) const {
    return term.is_number() ? x_.tape().constant(term.number) : term.var;
  }

  Term sum() {
    Term left = product();
    while (true) {
      if (take('+'))
        left = joined(left, " + ", product(), std::plus<>(), Term::sum);
      else if (take('-'))
        left = joined(left, " - ", product(), std::minus<>(), Term::sum);
      else
        return left;
    }
  }

  Term product() {
    Term left = sign();
    while (true) {
      if (take('*'))
        left = joined(left, " * ", sign(), std::multiplies<>(), Term::product);
      else if (take('/'))
        left = joined(left, " / ", sign(), std::divides<>(), Term::product);
      else
        return left;
    }
  }

  /// Of operators that bind alike, the left one comes first: a - (b - c) keeps its parentheses.
  static Term joined(const Term& a, const char* symbol, const Term& b, const auto& apply,
                     Term::Binding binds) {
    if (a.is_number() && b.is_number()) return of_number(apply(a.number, b.number));
    const auto tighter = static_cast<Term::Binding>(binds + 1);
    return {.var = a.is_number()   ? apply(a.number, b.var)
                   : b.is_number() ? apply(a.var, b.number)
                                   : apply(a.var, b.var),
            .code = code_of(a, binds) + symbol + code_of(b, tighter),
            .binds = binds};
  }

  Term sign() {
    bool minus = false;
    while (true) {
      if (take('-'))
        minus = !minus;
      else if (!take('+'))
        break;
    }
    const Term term = power();
    if (!minus) return term;
    if (term.is_number()) return of_number(-term.number);
    return {.var = -term.var, .code = '-' + code_of(term, Term::value), .binds = Term::product};
  }

  Term power() {
    const Term base = value();
    if (!take('^')) return base;
    return binary(binaries[0], base, sign());
  }

  Term value() {
    skip_spaces();
    if (at_ >= text_.size()) fail("expected a number, x, y, a function or '('", at_);
    const char c = text_[at_];
    if (take('(')) {
      Term inner = sum();
      require(')', "to close the parenthesis");
      return inner;
    }
    if (std::isdigit(static_cast<unsigned char>(c)) || c == '.') return number();
    if (std::isalpha(static_cast<unsigned char>(c))) return named();
    fail("'" + next() + "' cannot stand here; expected a number, x, y, a function or '('", at_);
  }

  Term number() {
    char* end = nullptr;
    const char* begin = text_.c_str() + at_;
    if (begin[0] == '0' && std::tolower(begin[1]) == 'x')  // strtod reads hexadecimal numbers, too
      fail("a number cannot stand before 'x'; put * between them", at_);
    const double number = std::strtod(begin, &end);
    if (end == begin || !std::isfinite(number)) fail("this is no finite number", at_);
    at_ += static_cast<std::size_t>(end - begin);
    return of_number(number);
  }

  Term named() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && std::isalnum(static_cast<unsigned char>(text_[at_]))) ++at_;
    const std::string name = text_.substr(begin, at_ - begin);
    if (name == "x") return {.var = x_, .code = "x"};
    if (name == "y") return {.var = y_, .code = "y"};
    if (name == "pi") return of_number(std::numbers::pi);
    if (name == "e") return of_number(std::numbers::e);
    for (const Unary& f : unaries)
      if (name == f.name) return unary(f, arguments(name, 1).front());
    for (const Binary& f : binaries)
      if (name == f.name) {
        const std::vector<Term> both = arguments(name, 2);
        return binary(f, both[0], both[1]);
      }
    fail("'" + name + "' is unknown; there are x, y, pi, e and the functions " + all_names(),
         begin);
  }

  std::vector<Term> arguments(const std::string& name, int count) {
    require('(', "behind " + name);
    std::vector<Term> all{sum()};
    while (std::ssize(all) < count) {
      require(',', "between what " + name + " takes");
      all.push_back(sum());
    }
    require(')', "behind what " + name + " takes");
    return all;
  }

  static Term unary(const Unary& f, const Term& a) {
    if (a.is_number()) return of_number(f.compute(a.number));
    return {.var = f.record(a.var), .code = std::string(f.name) + '(' + a.code + ')'};
  }

  Term binary(const Binary& f, const Term& a, const Term& b) const {
    if (a.is_number() && b.is_number()) return of_number(f.compute(a.number, b.number));
    const auto code = [](const Term& t) {
      return t.is_number() ? "tape.constant(" + t.code + ')' : t.code;
    };
    if (&f == &binaries[0] &&
        b.is_number())  // a power with a fixed exponent has an operation of its own
      return {.var = pow(a.var, b.number), .code = "pow(" + a.code + ", " + b.code + ')'};
    return {.var = f.record(as_var(a), as_var(b)),
            .code = std::string(f.name) + '(' + code(a) + ", " + code(b) + ')'};
  }

  const std::string& text_;
  Var x_, y_;
  std::size_t at_ = 0;
};

}  // namespace

std::string digits(double number) {
  std::string text;
  for (const int precision : {6, 15, 16, 17}) {
    std::ostringstream out;
    out.precision(precision);
    out << number;
    text = out.str();
    if (std::stod(text) == number) break;
  }
  return text;
}

Recorded record(const std::string& text, autodiff::Var x, autodiff::Var y) {
  return Parser(text, x, y).parse();
}

}  // namespace playground
