// The program: *how* a tape's outputs are computed, and the workspace: *where*.
//
//     Program program({loss, gradient});
//     Workspace workspace(program);
//     workspace.bind(x, batch);            // a pointer, not a copy
//     program.run(workspace);              // a plain loop over instructions; allocates nothing
//     workspace.value(0);                  // the loss
//
// Building a program makes the tape ready once: the passes of passes.h make it smaller, every
// remaining node becomes an instruction, and every result gets its place in one arena (arena.h). A
// place is taken over by a later result as soon as nobody reads the earlier one any more, so the
// arena stays small enough for the cache. A program is immutable; threads share one and give each
// its own workspace.
//
// A program gives the bits that its tape gives, node by node (but see simplify.h about zeros).
#pragma once

#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "autodiff/kernels/fused_loop.h"
#include "autodiff/tape.h"

namespace autodiff {

class Layout;
class Workspace;
struct Unit;

struct ProgramOptions {
  bool simplify = true;  ///< simplify and share nodes; off: one instruction for each live node
  bool merge = true;     ///< and products with a common factor become one
  bool fuse = true;      ///< one fused loop for elementwise neighbours; off: one for each node
  bool reuse = true;     ///< let results take the place of dead ones; off: a place for each
  bool poison = false;   ///< fill dead places with NaN, to expose a result that is read too late
};

class Program {
 public:
  using Options = ProgramOptions;

  /// Outputs of one tape. The tape may be gone afterwards.
  explicit Program(std::span<const Var> outputs, Options options = {});
  explicit Program(std::initializer_list<Var> outputs, Options options = {});
  Program(const Program&) = delete;  // workspaces point at it
  Program& operator=(const Program&) = delete;

  /// Computes the outputs from what is bound. Throws std::logic_error while a needed leaf is
  /// unbound, and for a workspace made for another program.
  void run(Workspace& workspace) const;

  int instructions() const { return static_cast<int>(instructions_.size()); }
  /// Elements of the arena, all outputs included.
  Index arena_size() const { return arena_size_; }
  /// What each pass did, a line each: "simplify   412 -> 287 nodes".
  const std::string& report() const { return report_; }
  /// The tape after all passes, to print.
  const Tape& tape() const { return *tape_; }

 private:
  friend class Workspace;

  /// Where a value lives: in the arena, or wherever the leaf is bound (its constant's own matrix).
  struct Place {
    enum Kind { none, arena, leaf, constant } kind = none;
    Index at = 0;      ///< offset in the arena, or which leaf or constant
    Index offset = 0;  ///< where in the leaf or constant
  };
  /// Pointers are each workspace's own: here they are places.
  struct Instruction {
    Kernel kernel;  ///< shapes and attributes
    Place a = {}, b = {}, y = {};
    Index scratch = -1;          ///< offset in the arena
    std::size_t first_step = 0;  ///< of a fused loop, in steps_; it has kernel.step_count of them
  };
  struct Step {
    LoopStep step;
    Place x = {}, z = {};
  };

  void place_outputs(std::span<const int> outputs);
  void place_instructions(std::span<const int> outputs, Options options);
  Instruction instruction_for(const Unit& unit);
  void copy_what_is_missing(Instruction& instruction, int stack, const Layout& layout) const;
  /// Which leaf of the recorded tape has that name. Throws std::invalid_argument where none has, or
  /// several have.
  Index leaf_named(const std::string& name) const;
  const std::string& leaf_name(Index own) const { return tape_->leaves()[own].name; }

  std::shared_ptr<const LeafTable> source_;  // of the recorded tape: names, and tells a foreign Var
  std::unique_ptr<Tape> tape_;               // after all passes
  Index leaves_then_ = 0;                    // of the recorded tape, when the program was made
  std::unordered_map<Index, Index> own_leaf_;  // of tape_, by that of the recorded tape
  std::vector<Instruction> instructions_;
  std::vector<Step> steps_;    // of all fused loops
  std::vector<Place> places_;  // of every node of tape_, while the program is made
  std::vector<Index> output_offsets_;
  std::vector<Shape> output_shapes_;
  Index arena_size_ = 0;
  std::string report_;
};

/// The memory of one running program: an arena, and pointers to what is bound.
class Workspace {
 public:
  /// The program must outlive the workspace. Throws std::length_error where memory is short.
  explicit Workspace(const Program& program);
  explicit Workspace(const Program&& program) = delete;  // would be gone before the workspace

  /// Lets the leaf read from `values` (its rows x cols, column-major), which must stay valid.
  void bind(Var leaf, const Scalar* values);
  /// The same, checking the shape.
  void bind(Var leaf, const Matrix& values);
  void bind(Var leaf, const Matrix&& values) = delete;  // would be gone before the program runs
  /// The same for the leaf of that name, also when the tape is gone.
  void bind(const std::string& name, const Scalar* values);

  /// Throws std::logic_error naming a leaf that is read but not bound.
  void require_bound() const;

  /// Output number k, in the order given to the program.
  ConstMatrixMap value(int k) const;
  /// All outputs one after the other, without gaps.
  std::span<const Scalar> values() const;

 private:
  friend class Program;
  struct FreeAligned {
    void operator()(Scalar* p) const { ::operator delete[](p, std::align_val_t(64)); }
  };

  void bind_leaf(Index leaf, const Scalar* values);

  struct Keep {  // deletes nothing: the pointer is a unique_ptr to be empty once moved from
    void operator()(const Program*) const {}
  };
  /// Throws std::logic_error where this workspace was moved from.
  const Program& program() const;

  std::unique_ptr<const Program, Keep> program_;  // not its own; none where it was moved from
  std::unique_ptr<Scalar[], FreeAligned> arena_;
  std::vector<Kernel> kernels_;  // one for each instruction, ready to call
  std::vector<LoopStep> steps_;  // of all loops
  /// For each leaf of the program, the places in kernels_ and steps_ that read it, and from where.
  std::vector<std::vector<std::pair<const Scalar**, Index>>> readers_;
  std::vector<char> bound_;  // of every leaf
  int unbound_ = 0;          // leaves that are read but not bound yet
};

/// The value of y here and now, for a walkthrough: computes it from constants and the bindings
/// given.
Matrix evaluate(Var y, std::span<const std::pair<Var, Matrix>> bindings);
Matrix evaluate(Var y, std::initializer_list<std::pair<Var, Matrix>> bindings = {});

}  // namespace autodiff
