"""PyTorch in `make bench-peers`: the slides' loop over samples, torch.func, and torch.compile.

torch.compile cannot differentiate what it compiled twice, and grad inside grad in Python costs it
much; so its contender computes the accelerations by hand for a whole batch (forward-over-reverse,
one product a layer), takes the parameter gradient with torch.func, adds Adam, traces all that to one
graph of plain operations (make_fx), and compiles the graph: a whole step is one call.
"""

import os
import sys
import warnings

if "PEERS_CACHE" in os.environ:
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", os.environ["PEERS_CACHE"] + "/inductor")

import numpy as np
import torch
from torch.func import grad, grad_and_value, jacfwd, vmap

import contender
from contender import BETA1, BETA2, CHECK_RATE, EPSILON, TIMED_RATE, Contender

warnings.filterwarnings("ignore")  # about torch's own use of what it deprecated
torch.set_num_threads(int(sys.argv[3]))
torch.set_default_dtype(torch.float64)

softplus = torch.nn.functional.softplus


def flat(tensors):
    return torch.cat([t.detach().reshape(-1) for t in tensors]).numpy().copy()


# ---------------------------------------------------------------- eager: the slides, and torch.func


def slides(layers, states):
    """Sample by sample: a Hessian, a Jacobian and a pseudo-inverse each."""

    def lagrangian(x):
        return mlp(layers, x)

    def acceleration(x):
        second = torch.autograd.functional.hessian(lagrangian, x, create_graph=True)
        first = torch.autograd.functional.jacobian(lagrangian, x, create_graph=True)
        return torch.pinverse(second[2:, 2:]) @ (first[0, :2] - second[2:, :2] @ x[2:])

    return torch.stack([acceleration(x) for x in states])


def functional(layers, states):
    """All samples at once: forward-over-reverse along v only, and a solve."""

    def acceleration(x):
        q, v = x[:2], x[2:]

        def gradient(v):
            g = grad(lambda x: mlp(layers, x)[0])(torch.cat([q, v]))
            return g, g

        second, first = jacfwd(gradient, has_aux=True)(v)  # 4 x 2, 4
        return torch.linalg.solve(second[2:].T, first[:2] - second[:2].T @ v)

    return vmap(acceleration)(states)


def mlp(layers, h):
    for weight, bias in layers[:-1]:
        h = softplus(h @ weight + bias)
    weight, bias = layers[-1]
    return h @ weight + bias


class Eager(Contender):
    def __init__(self, case, formulation):
        self.formulation = formulation
        self.case = case
        self.states, self.targets = torch.tensor(case.states), torch.tensor(case.targets)
        self.begin(TIMED_RATE)

    def begin(self, rate):
        self.layers = [
            (torch.tensor(w, requires_grad=True), torch.tensor(b, requires_grad=True))
            for w, b in self.case.layers
        ]
        self.parameters = [p for layer in self.layers for p in layer]
        self.adam = torch.optim.Adam(self.parameters, lr=rate)

    def step(self):
        self.adam.zero_grad()
        predicted = self.formulation(self.layers, self.states)
        loss = torch.nn.functional.mse_loss(predicted, self.targets)
        loss.backward()
        self.adam.step()
        return loss.item()

    def loss_and_gradient(self):
        loss = self.step()
        # The last bias moves no acceleration: where it is no part of the graph, it has no gradient.
        return loss, flat(
            torch.zeros_like(p) if p.grad is None else p.grad for p in self.parameters
        )

    def parameters_after(self, steps):
        self.begin(CHECK_RATE)
        self.run(steps)
        result = flat(self.parameters)
        self.begin(TIMED_RATE)
        return result

    def run(self, steps):
        for _ in range(steps):
            self.step()


# ---------------------------------------------------------------- compiled


def stacked(layers, states):
    """By hand, samples x features: values and two tangents stacked, so a layer is one product."""
    samples = states.shape[0]

    def times(value, tangents, matrix):
        out = torch.cat([value[None], tangents]).reshape(3 * samples, -1) @ matrix
        out = out.reshape(3, samples, -1)
        return out[0], out[1:]

    weight, bias = layers[0]
    z, dz = states @ weight + bias, weight[2:, None, :]
    slopes = []
    for k, (weight, bias) in enumerate(layers[1:], 1):
        s = torch.sigmoid(z)
        slopes.append((s, s * (1 - s) * dz))
        if k + 1 < len(layers):
            z, dz = times(softplus(z), s * dz, weight)
            z = z + bias
    g, dg = layers[-1][0].T, 0
    for (weight, _), (s, ds) in zip(reversed(layers[:-1]), reversed(slopes)):
        g, dg = times(g * s, dg * s + g * ds, weight.T)

    q, v = g.T[:2], states.T[2:]
    (m00, m01), (m10, m11) = dg[0].T[2:], dg[1].T[2:]
    r0 = q[0] - (dg[0].T[:2] * v).sum(0)
    r1 = q[1] - (dg[1].T[:2] * v).sum(0)
    determinant = m00 * m11 - m01 * m10
    return torch.stack([(m11 * r0 - m01 * r1), (m00 * r1 - m10 * r0)], 1) / determinant[:, None]


def training_step(p, m, v, t, rate, states, targets):
    def loss(p):
        layers = list(zip(p[0::2], p[1::2]))
        return ((stacked(layers, states) - targets) ** 2).mean()

    g, value = grad_and_value(loss)(p)
    t = t + 1
    m = [BETA1 * m + (1 - BETA1) * g for m, g in zip(m, g)]
    v = [BETA2 * v + (1 - BETA2) * g * g for v, g in zip(v, g)]
    m_rate, v_scale = rate / (1 - BETA1**t), 1 / (1 - BETA2**t)
    p = [p - m_rate * m / (torch.sqrt(v * v_scale) + EPSILON) for p, m, v in zip(p, m, v)]
    return value, (p, m, v, t)


class Compiled(Contender):
    @torch.no_grad()
    def __init__(self, case):
        self.start = [torch.tensor(p) for layer in case.layers for p in layer]
        self.batch = torch.tensor(case.states), torch.tensor(case.targets)
        self.rate = torch.tensor(TIMED_RATE)
        self.state = self.fresh()
        trace = torch.fx.experimental.proxy_tensor.make_fx(training_step)
        self.step = torch.compile(trace(*self.state, self.rate, *self.batch))
        self.run(1)

    def fresh(self):
        zeros = [[torch.zeros_like(p) for p in self.start] for _ in range(2)]
        return self.start, *zeros, torch.zeros(())

    @torch.no_grad()
    def loss_and_gradient(self):
        loss, (_, m, _, _) = self.step(*self.fresh(), self.rate, *self.batch)
        return loss.item(), flat(m) / (1 - BETA1)  # the first mean of the gradient tells it

    @torch.no_grad()
    def parameters_after(self, steps):
        state = self.fresh()
        for _ in range(steps):
            _, state = self.step(*state, torch.tensor(CHECK_RATE), *self.batch)
        return flat(state[0])

    @torch.no_grad()
    def run(self, steps):
        for _ in range(steps):
            _, self.state = self.step(*self.state, self.rate, *self.batch)


contender.serve(
    {
        "torch-slides": lambda case: Eager(case, slides),
        "torch-func": lambda case: Eager(case, functional),
        "torch-compile": Compiled,
    }
)
