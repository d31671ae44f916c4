// How a failing check shows what it compared: an operation by its name, a handle by its node, a
// shape by its sizes, and text as text where doctest itself prints a pointer. CMakeLists.txt
// includes this into every test before anything else.
#pragma once

#include <doctest/doctest.h>

#include "autodiff/op.h"

namespace doctest {

template <>
struct StringMaker<const autodiff::OpDef*> {
  static String convert(const autodiff::OpDef* op) { return op ? op->name : "no operation"; }
};

template <>
struct StringMaker<const char*> {
  static String convert(const char* text) { return text ? text : "no text"; }
};

template <>
struct StringMaker<autodiff::Var> {
  static String convert(autodiff::Var v) {
    if (!v) return "an empty handle";
    const std::string text = '%' + std::to_string(v.id()) + " = " + v.tape().node(v.id()).op->name +
                             ' ' + to_string(v.shape());
    return text.c_str();
  }
};

template <>
struct StringMaker<autodiff::Shape> {
  static String convert(autodiff::Shape shape) { return to_string(shape).c_str(); }
};

}  // namespace doctest
