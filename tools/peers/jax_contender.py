"""JAX in `make bench-peers`: as the authors of Lagrangian networks wrote it, and at its best.

Two things make JAX fast here. A loop inside jit costs no dispatch; and the accelerations written by
hand for a whole batch (forward-over-reverse, three products a layer) leave XLA few, large products.
Which of three such formulations is fastest depends on the network, so the warm-up tries all.
"""

import os
import sys

# Before jax is imported: as many threads as everyone else has.
os.environ["NPROC"] = sys.argv[3]

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

import contender
from contender import BETA1, BETA2, CHECK_RATE, EPSILON, TIMED_RATE, Contender

jax.config.update("jax_enable_x64", not sys.argv[6].endswith("float32"))
if "PEERS_CACHE" in os.environ:
    jax.config.update("jax_compilation_cache_dir", os.environ["PEERS_CACHE"] + "/jax")
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)


# ---------------------------------------------------------------- the authors' formulation


def mlp(layers, h, activation):
    for weight, bias in layers[:-1]:
        h = activation(h @ weight + bias)
    weight, bias = layers[-1]
    return h @ weight + bias


def official(layers, states):
    """Hessian and Jacobian of a Jacobian of each sample, and a pseudo-inverse."""

    def lagrangian(q, v):
        return mlp(layers, jnp.concatenate([q, v]), jax.nn.softplus)[0]

    def acceleration(state):
        q, v = jnp.split(state, 2)
        mass = jax.hessian(lagrangian, 1)(q, v)
        coriolis = jax.jacobian(jax.jacobian(lagrangian, 1), 0)(q, v)
        return jnp.linalg.pinv(mass) @ (jax.grad(lagrangian, 0)(q, v) - coriolis @ v)

    return jax.vmap(acceleration)(states)


# ---------------------------------------------------------------- at its best


@jax.custom_jvp
def sigmoid(x):
    return 1 / (1 + jnp.exp(-x))


@sigmoid.defjvp
def _(x, dx):
    s = sigmoid(x[0])
    return s, s * (1 - s) * dx[0]


@jax.custom_jvp
def softplus(x):
    """jax.nn.softplus without its care for infinities and NaN, which costs in every derivative."""
    return jnp.maximum(x, 0) + jnp.log1p(jnp.exp(-jnp.abs(x)))


@softplus.defjvp
def _(x, dx):
    return softplus(x[0]), sigmoid(x[0]) * dx[0]


def solve(gradient, row0, row1, v):
    """Accelerations from the gradient of L and two rows of its Hessian, samples last: 2x2, closed."""
    r0 = gradient[0] - (row0[:2] * v).sum(0)
    r1 = gradient[1] - (row1[:2] * v).sum(0)
    (a, b), (c, d) = row0[2:], row1[2:]
    determinant = a * d - b * c
    return jnp.stack([(d * r0 - b * r1) / determinant, (a * r1 - c * r0) / determinant], 1)


def reverse(layers, states):
    """Two vector-Jacobian products with the gradient: all derivatives by JAX."""

    def gradient(x):
        return jax.grad(lambda x: mlp(layers, x, softplus).sum())(x)

    g, pull = jax.vjp(gradient, states)
    rows = [pull(jnp.zeros_like(states).at[:, i].set(1))[0].T for i in (2, 3)]
    return solve(g.T, *rows, states[:, 2:].T)


def stacked(layers, states):
    """By hand, samples x features: values and two tangents stacked, so a layer is one product."""
    samples = states.shape[0]

    def times(value, tangents, matrix):
        out = jnp.concatenate([value[None], tangents]).reshape(3 * samples, -1) @ matrix
        out = out.reshape(3, samples, -1)
        return out[0], out[1:]

    weight, bias = layers[0]
    z, dz = states @ weight + bias, weight[2:, None, :]
    slopes = []
    for weight, bias in layers[1:]:
        s = sigmoid(z)
        slopes.append((s, s * (1 - s) * dz))
        z, dz = times(softplus(z), s * dz, weight)
        z = z + bias
    g, dg = layers[-1][0].T, 0
    for (weight, _), (s, ds) in zip(reversed(layers[:-1]), reversed(slopes)):
        g, dg = times(g * s, dg * s + g * ds, weight.T)
    return solve(g.T, dg[0].T, dg[1].T, states[:, 2:].T)


def columns(layers, states):
    """By hand, features x samples: a product for the values and one for each tangent."""
    weight, bias = layers[0]
    z, dz = weight.T @ states.T + bias[:, None], [weight[i][:, None] for i in (2, 3)]
    slopes = []
    for weight, bias in layers[1:]:
        s = sigmoid(z)
        slopes.append((s, [s * (1 - s) * d for d in dz]))
        z, dz = weight.T @ softplus(z) + bias[:, None], [weight.T @ (s * d) for d in dz]
    g, dg = layers[-1][0], [0, 0]
    for (weight, _), (s, ds) in zip(reversed(layers[:-1]), reversed(slopes)):
        dg = [weight @ (d * s + g * e) for d, e in zip(dg, ds)]
        g = weight @ (g * s)
    return solve(g, *dg, states[:, 2:].T)


# ---------------------------------------------------------------- the step


def numbers(tree):
    return np.asarray(ravel_pytree(tree)[0], "f8")


class Jax(Contender):
    formulations = [official]
    loop = False  # whether many steps are one call

    def __init__(self, case):
        number = jnp.zeros(()).dtype
        self.precision = str(number)
        self.states = jnp.asarray(case.states, number)
        self.targets = jnp.asarray(case.targets, number)
        layers = [(jnp.asarray(w, number), jnp.asarray(b, number)) for w, b in case.layers]
        flat, unravel = ravel_pytree(layers)
        # Adam on one flat array saves small networks many tiny loops; large ones lose by the copies.
        small = self.loop and flat.size < 10_000
        self.start, self.to_layers = (flat, unravel) if small else (layers, lambda p: p)
        self.programs = [self.compile(f) for f in self.formulations]
        self.program = self.programs[0]
        self.state = self.fresh()

    def fresh(self):
        zeros = jax.tree.map(jnp.zeros_like, self.start)
        zero = jnp.zeros((), self.precision)
        return zero, self.start, zeros, zeros, zero

    def compile(self, formulation):
        def step(state, states, targets, rate):
            _, p, m, v, t = state

            def mean_square(p):
                return jnp.mean((formulation(self.to_layers(p), states) - targets) ** 2)

            loss, g = jax.value_and_grad(mean_square)(p)
            t = t + 1
            m = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, m, g)
            v = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, v, g)
            m_rate, v_scale = rate / (1 - BETA1**t), 1 / (1 - BETA2**t)
            p = jax.tree.map(
                lambda p, m, v: p - m_rate * m / (jnp.sqrt(v * v_scale) + EPSILON), p, m, v
            )
            return loss, p, m, v, t

        if not self.loop:
            single = jax.jit(step)

            def run(steps, state, *rest):
                for _ in range(steps):
                    state = single(state, *rest)
                return jax.block_until_ready(state)

            return run

        many = jax.jit(
            lambda steps, state, *rest: jax.lax.fori_loop(
                0, steps, lambda _, state: step(state, *rest), state
            )
        )
        return lambda *args: jax.block_until_ready(many(*args))

    def loss_and_gradient(self):
        # Every formulation is looked at: the one that the warm-up chooses has been checked too.
        answers = []
        for program in self.programs:
            loss, _, m, _, _ = program(1, self.fresh(), self.states, self.targets, TIMED_RATE)
            gradient = numbers(m) / (1 - BETA1)  # the first mean of the gradient tells it
            answers.append((float(loss), gradient))
            difference = np.abs(gradient - answers[0][1]).max() / np.abs(gradient).max()
            if not difference < (1e-8 if self.precision == "float64" else 1e-3):
                raise SystemExit(f"the formulations' gradients differ by {difference:.1e}")
        return answers[0]

    def parameters_after(self, steps):
        state = self.program(steps, self.fresh(), self.states, self.targets, CHECK_RATE)
        return numbers(state[1])

    def warm_up(self, seconds):
        if len(self.programs) == 1:
            return
        times = []
        for self.program in self.programs:
            steps = contender.steps_in(self.run, seconds / 2)
            times.append(min(timed(self.run, steps) for _ in range(3)))
        best = times.index(min(times))
        self.program = self.programs[best]
        self.note = self.formulations[best].__name__

    def run(self, steps):
        self.state = self.program(steps, self.state, self.states, self.targets, TIMED_RATE)


def timed(run, steps):
    start = contender.time.perf_counter()
    run(steps)
    return (contender.time.perf_counter() - start) / steps


class JaxBest(Jax):
    formulations = [stacked, columns, reverse]
    loop = True


contender.serve({"jax": Jax, "jax-best": JaxBest, "jax-best-float32": JaxBest})
