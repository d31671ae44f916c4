#include "autodiff/compile/program.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <new>
#include <stdexcept>

#include "autodiff/compile/arena.h"
#include "autodiff/compile/layout.h"
#include "autodiff/compile/passes.h"
#include "autodiff/ops.h"

namespace autodiff {
namespace {

void fill_nan(const Kernel& k) {
  std::fill_n(k.y, k.y_shape.size(), std::numeric_limits<Scalar>::quiet_NaN());
}

bool is_leaf(const Node& node) { return node.op == &input_op || node.op == &parameter_op; }

/// A leaf by its name, any other node by its number.
std::string name_of(Var v) {
  const Node& node = v.tape().node(v.id());
  return is_leaf(node) ? '\'' + v.tape().leaf_name(node) + '\'' : '%' + std::to_string(v.id());
}

}  // namespace

Program::Program(std::span<const Var> outputs, Options options) {
  if (outputs.empty()) throw std::invalid_argument("[program] no outputs");
  for (const Var& y : outputs) {
    if (!y) throw std::invalid_argument("[program] an output is an empty Var");
    if (&y.tape() != &outputs.front().tape())
      throw std::invalid_argument("[program] the outputs belong to different tapes");
    output_shapes_.push_back(y.shape());
  }
  source_ = outputs.front().tape().leaf_table();
  leaves_then_ = std::ssize(source_->leaves);

  CompiledTape compiled = run_passes(outputs, options.simplify, options.simplify && options.merge);
  tape_ = std::move(compiled.tape);
  report_ = std::move(compiled.report);
  for (std::size_t own = 0; own < compiled.leaves.size(); ++own)
    own_leaf_[compiled.leaves[own]] = static_cast<Index>(own);
  places_.resize(tape_->size());
  for (int id = 0; id < tape_->size(); ++id) {
    const Node& node = tape_->node(id);
    if (is_leaf(node)) places_[id] = {Place::leaf, node.attributes.i};
    if (node.op == &constant_op) places_[id] = {Place::constant, id};
  }
  place_outputs(compiled.outputs);
  place_instructions(compiled.outputs, options);
  std::vector<Place>().swap(places_);
}

Program::Program(std::initializer_list<Var> outputs, Options options)
    : Program(std::span(outputs.begin(), outputs.size()), options) {}

// The outputs lie at the start of the arena, in order and without gaps, and stay there.
void Program::place_outputs(std::span<const int> outputs) {
  for (const int id : outputs) {
    places_[id] = {Place::arena, arena_size_};
    output_offsets_.push_back(arena_size_);
    arena_size_ = Arena::sum(arena_size_, tape_->node(id).shape.size());
  }
}

/// The unit as an instruction, all places known but that of scratch memory.
Program::Instruction Program::instruction_for(const Unit& unit) {
  const Node& node = tape_->node(unit.id);
  Instruction instruction{
      .kernel = {.forward = node.op->forward, .y_shape = node.shape, .attributes = node.attributes},
      .y = places_[unit.id]};
  Kernel& kernel = instruction.kernel;
  if (unit.loop) {
    kernel.forward = unit.loop->sum_rows ? run_loop_sum_rows : run_loop;
    kernel.a_shape = unit.loop->shape;
    kernel.attributes = {.i = unit.loop->reads_broadcast()};
    kernel.step_count = static_cast<int>(unit.loop->steps.size());
    instruction.first_step = steps_.size();
    const auto place_of = [&](int id) { return id < 0 ? Place{} : places_[id]; };
    for (const LoopPlan::Step& step : unit.loop->steps)
      steps_.push_back({{.op = step.op, .access = step.access, .c = static_cast<Scalar>(step.c)},
                        place_of(step.x),
                        place_of(step.z)});
  } else if (unit.row) {
    kernel.forward = put_rows_op.forward;
    kernel.a_shape = tape_->node(unit.reads[0]).shape;
    kernel.attributes = {.i = *unit.row};
    instruction.a = places_[unit.reads[0]];
  } else {
    require_forward(*node.op);
    for (int k = 0; k < node.op->arity; ++k) {
      (k == 0 ? kernel.a_shape : kernel.b_shape) = tape_->node(node.inputs[k]).shape;
      (k == 0 ? instruction.a : instruction.b) = places_[node.inputs[k]];
    }
  }
  return instruction;
}

/// Of a stack of columns, copies only the part that does not lie there already.
void Program::copy_what_is_missing(Instruction& instruction, int stack,
                                   const Layout& layout) const {
  const auto [left, right] = tape_->node(stack).inputs;
  const Index left_size = tape_->node(left).shape.size();
  Kernel& kernel = instruction.kernel;
  if (layout.in_place(stack, left, 0)) {
    kernel.forward = copy_op.forward;
    kernel.y_shape = kernel.a_shape = kernel.b_shape;
    instruction.a = instruction.b;
    instruction.y.at += left_size;
  } else if (layout.in_place(stack, right, left_size)) {
    kernel.forward = copy_op.forward;
    kernel.y_shape = kernel.a_shape;
  }
}

void Program::place_instructions(std::span<const int> outputs, Options options) {
  std::vector<char> is_output(tape_->size(), false);
  for (const int id : outputs) is_output[id] = true;
  const Layout layout(*tape_, is_output);
  const std::vector<Unit> units = units_of(*tape_, outputs, layout, options.fuse);
  std::vector<int> readers(tape_->size(), 0);  // of all that lies in the node's memory
  for (const Unit& unit : units)
    for (const int input : unit.reads) ++readers[layout.owner(input)];

  Arena arena(arena_size_);
  const auto find_place = [&](int id) {
    Place place = places_[layout.owner(id)];
    (place.kind == Place::arena ? place.at : place.offset) += layout.offset(id);
    return place;
  };
  for (const Unit& unit : units) {
    std::vector<int> dying;  // whose memory nobody reads after this instruction
    for (const int input : unit.reads) {
      const int owner = layout.owner(input);
      places_[input] = find_place(input);
      if (--readers[owner] == 0 && places_[owner].kind == Place::arena && !is_output[owner])
        dying.push_back(owner);
    }
    if (!options.reuse) dying.clear();

    const int owner = layout.owner(unit.id);
    if (places_[owner].kind == Place::none) {
      const auto heir = std::find_if(dying.begin(), dying.end(), [&](int input) {
        return owner == unit.id && may_overwrite(*tape_, layout, unit, input);
      });
      if (heir != dying.end()) {
        places_[owner] = places_[*heir];
        dying.erase(heir);
      } else {
        places_[owner] = {Place::arena, arena.take(tape_->node(owner).shape.size())};
      }
    }
    places_[unit.id] = find_place(unit.id);

    Instruction instruction = instruction_for(unit);
    const OpDef& op = *tape_->node(unit.id).op;
    if (&op == &stack_cols_op) copy_what_is_missing(instruction, unit.id, layout);
    if (!unit.loop && op.scratch) {
      const std::array shapes{instruction.kernel.a_shape, instruction.kernel.b_shape};
      const Index size = op.scratch(std::span(shapes).first(op.arity));
      if (size > 0) {
        instruction.scratch = arena.take(size);
        arena.give_back(instruction.scratch, size);
      }
    }
    instructions_.push_back(instruction);

    for (const int input : dying) {
      const Shape shape = tape_->node(input).shape;
      arena.give_back(places_[input].at, shape.size());
      if (options.poison)
        instructions_.push_back(
            {.kernel = {.forward = fill_nan, .y_shape = shape}, .y = places_[input]});
    }
  }
  arena_size_ = arena.size();
  if (options.fuse)
    report_ += "fuse      " + std::to_string(tape_->size()) + " nodes -> " +
               std::to_string(units.size()) + " instructions\n";
}

Index Program::leaf_named(const std::string& name) const {
  const auto known = source_->by_name.find(name);
  const LeafTable::Named named =
      known == source_->by_name.end() ? LeafTable::Named() : known->second;
  const auto was_there = [&](Index leaf) { return leaf >= 0 && leaf < leaves_then_; };
  if (!was_there(named.first))
    throw std::invalid_argument("[bind] the tape has no leaf named '" + name +
                                (named.first < 0 ? "'" : "' from before the program was made"));
  if (was_there(named.second))
    throw std::invalid_argument("[bind] the tape has several leaves named '" + name +
                                "': bind them by their Vars");
  return named.first;
}

void Program::run(Workspace& workspace) const {
  if (workspace.program_.get() != this)
    throw std::logic_error("[run] the workspace was made for another program");
  workspace.require_bound();
  for (const Kernel& kernel : workspace.kernels_) kernel.forward(kernel);
}

namespace {

/// `size` zeros that begin a cache line.
Scalar* allocate(Index size) try {
  const std::size_t bytes = static_cast<std::size_t>(size) * sizeof(Scalar);
  void* memory = ::operator new[](std::max<std::size_t>(1, bytes), std::align_val_t(64));
  return static_cast<Scalar*>(std::memset(memory, 0, bytes));
} catch (const std::bad_alloc&) {
  throw std::length_error("[workspace] there is no memory for the " + std::to_string(size) +
                          " numbers of the program's arena");
}

}  // namespace

Workspace::Workspace(const Program& program)
    : program_(&program),
      arena_(allocate(program.arena_size_ + Arena::cache_line)),
      readers_(program.tape_->leaves().size()),
      bound_(program.tape_->leaves().size(), false) {
  const auto connect = [&](const Program::Place& place, const Scalar*& pointer) {
    if (place.kind == Program::Place::arena) pointer = arena_.get() + place.at;
    if (place.kind == Program::Place::constant)
      pointer = program.tape_->constant_value(program.tape_->node(place.at)).data() + place.offset;
    if (place.kind == Program::Place::leaf) readers_[place.at].push_back({&pointer, place.offset});
  };
  steps_.reserve(program.steps_.size());  // kernels point at them
  for (const Program::Step& step : program.steps_) {
    LoopStep& own = steps_.emplace_back(step.step);
    connect(step.x, own.x);
    connect(step.z, own.z);
  }
  kernels_.reserve(program.instructions_.size());
  for (const Program::Instruction& instruction : program.instructions_) {
    Kernel& kernel = kernels_.emplace_back(instruction.kernel);
    connect(instruction.a, kernel.a);
    connect(instruction.b, kernel.b);
    kernel.y = arena_.get() + instruction.y.at;
    if (kernel.step_count > 0) kernel.steps = steps_.data() + instruction.first_step;
    if (instruction.scratch >= 0) kernel.scratch = arena_.get() + instruction.scratch;
  }
  unbound_ = static_cast<int>(std::count_if(readers_.begin(), readers_.end(),
                                            [](const auto& readers) { return !readers.empty(); }));
}

const Program& Workspace::program() const {
  if (!program_) throw std::logic_error("[workspace] it was moved from, and has no program");
  return *program_;
}

void Workspace::bind_leaf(Index leaf, const Scalar* values) {
  if (!values)
    throw std::invalid_argument("[bind] the values of '" + program().source_->leaves[leaf].name +
                                "' are a null pointer");
  const auto known = program().own_leaf_.find(leaf);
  if (known == program().own_leaf_.end()) return;  // read by nobody
  const Index own = known->second;
  for (const auto& [pointer, offset] : readers_[own]) *pointer = values + offset;
  if (!bound_[own] && !readers_[own].empty()) --unbound_;
  bound_[own] = true;
}

void Workspace::bind(Var leaf, const Scalar* values) {
  if (!leaf || leaf.tape().leaf_table() != program().source_)
    throw std::invalid_argument("[bind] the Var belongs to another tape than the program");
  const Node& node = leaf.tape().node(leaf.id());
  if (!is_leaf(node))
    throw std::invalid_argument("[bind] %" + std::to_string(leaf.id()) + " is a " + node.op->name +
                                ": only inputs and parameters can be bound");
  if (node.attributes.i >= program().leaves_then_)
    throw std::invalid_argument("[bind] '" + leaf.tape().leaf_name(node) +
                                "' was recorded after the program was made");
  bind_leaf(node.attributes.i, values);
}

void Workspace::bind(Var leaf, const Matrix& values) {
  const Shape given{values.rows(), values.cols()};
  if (leaf && leaf.shape() != given)
    throw std::invalid_argument("[bind] " + name_of(leaf) + " is " + to_string(leaf.shape()) +
                                ", the matrix " + to_string(given));
  bind(leaf, values.data());
}

void Workspace::bind(const std::string& name, const Scalar* values) {
  bind_leaf(program().leaf_named(name), values);
}

void Workspace::require_bound() const {
  if (unbound_ == 0) return;
  for (std::size_t leaf = 0; leaf < readers_.size(); ++leaf)
    if (!readers_[leaf].empty() && !bound_[leaf])
      throw std::logic_error("[run] '" + program().leaf_name(static_cast<Index>(leaf)) +
                             "' has no value: bind it to the workspace first");
}

ConstMatrixMap Workspace::value(int k) const {
  if (k < 0 || k >= std::ssize(program().output_shapes_))
    throw std::out_of_range("[value] there is no output " + std::to_string(k) + " among " +
                            std::to_string(program().output_shapes_.size()));
  const Shape shape = program().output_shapes_[k];
  return {arena_.get() + program().output_offsets_[k], shape.rows, shape.cols};
}

std::span<const Scalar> Workspace::values() const {
  return {arena_.get(), static_cast<std::size_t>(program().output_offsets_.back() +
                                                 program().output_shapes_.back().size())};
}

Matrix evaluate(Var y, std::span<const std::pair<Var, Matrix>> bindings) {
  const Program program({y}, {.simplify = false, .fuse = false});
  Workspace workspace(program);
  for (const auto& [leaf, value] : bindings) workspace.bind(leaf, value);
  program.run(workspace);
  return workspace.value(0);
}

Matrix evaluate(Var y, std::initializer_list<std::pair<Var, Matrix>> bindings) {
  return evaluate(y, std::span(bindings.begin(), bindings.size()));
}

}  // namespace autodiff
