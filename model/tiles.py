"""A tile of a matrix product that stays in the processor's vector registers.

Numba turns loops into vector instructions, but stores every sum after a few products. Here the
instructions are written out for LLVM, which knows vectors of any length: on a processor without
such registers a tile is slower, and answers the same but for rounding.
"""

from typing import Any, Final

import llvmlite.binding
from llvmlite import ir
from numba.core import cgutils as _cgutils
from numba.core import types
from numba.extending import intrinsic

_FEATURES: Final[dict[str, bool]] = llvmlite.binding.get_host_cpu_features()
LANES: Final = 16 if _FEATURES.get("avx512f") else 8 if _FEATURES.get("avx2") else 4
"""Numbers of float32 in a vector register."""

TILE_ROWS: Final = 8 if LANES == 16 else 4
"""Rows of a tile; two vectors wide, its sums take half of the registers."""

cgutils: Any = _cgutils  # has no types
_FLOAT: Final = ir.FloatType()
_INDEX: Final = ir.IntType(64)
_VECTOR: Final = ir.VectorType(_FLOAT, LANES)
_BYTES: Final = 4


def _tile(vectors: int) -> Any:
    """Return a function for compiled code that adds one tile, ``vectors`` wide, of a times b."""

    @intrinsic
    def add_tile(typing: Any, a: Any, b: Any, out: Any, i: Any, j: Any) -> Any:
        """Add rows from i and columns from j of a [m, k] times b [k, n] to out [m, n]."""

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            (a_at, a_step, n), (b_at, b_step, _), (out_at, out_step, _) = [
                _place(context, builder, kind, value)
                for kind, value in zip(signature.args[:3], args[:3], strict=True)
            ]
            rows = [builder.add(args[3], _INDEX(r)) for r in range(TILE_ROWS)]
            left = [builder.add(a_at, builder.mul(row, a_step)) for row in rows]
            sums = [builder.add(out_at, builder.mul(row, out_step)) for row in rows]
            across = builder.mul(args[4], _INDEX(_BYTES))

            def step(k: Any) -> tuple[list[Any], Any]:
                along = builder.mul(k, _INDEX(_BYTES))
                factors = [_number(builder, builder.add(row, along)) for row in left]
                return factors, builder.add(b_at, builder.mul(k, b_step))

            _accumulate(builder, vectors, across, sums, n, step)
            return context.get_dummy_value()

        return types.void(a, b, out, types.int64, types.int64), generate

    return add_tile


def _gather(vectors: int) -> Any:
    """Return a function for compiled code that adds chosen rows of a table, ``vectors`` wide."""

    @intrinsic
    def add_chosen(typing: Any, table: Any, at: Any, share: Any, n: Any, out: Any, j: Any) -> Any:
        """Add share[k] of row at[k] of the table for k below n to out, in columns from j."""

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            kinds = signature.args
            table_at, table_step, _ = _place(context, builder, kinds[0], args[0])
            chosen, shares, sums = [_begin(context, builder, kinds[i], args[i]) for i in (1, 2, 4)]
            across = builder.mul(args[5], _INDEX(_BYTES))

            def step(k: Any) -> tuple[list[Any], Any]:
                along = builder.mul(k, _INDEX(_BYTES))
                where = builder.inttoptr(builder.add(chosen, along), ir.IntType(32).as_pointer())
                row = builder.sext(builder.load(where), _INDEX)
                factor = _number(builder, builder.add(shares, along))
                return [factor], builder.add(table_at, builder.mul(row, table_step))

            _accumulate(builder, vectors, across, [sums], args[3], step)
            return context.get_dummy_value()

        return types.void(table, at, share, types.int64, out, types.int64), generate

    return add_chosen


def _accumulate(
    builder: Any, vectors: int, across: Any, sums: list[Any], n: Any, step: Any
) -> None:
    """Add products to rows of sums, ``across`` bytes from where the rows begin.

    For each k below ``n``, ``step`` gives a factor for every row, and the row that they multiply.
    """
    name = f"llvm.fmuladd.v{LANES}f32"
    kind = ir.FunctionType(_VECTOR, [_VECTOR] * 3)
    fused = cgutils.get_or_insert_function(builder.module, kind, name)
    places = [_vectors_at(builder, row, across, vectors) for row in sums]
    kept = [[cgutils.alloca_once(builder, _VECTOR) for _ in row] for row in places]
    for row, to in zip(places, kept, strict=True):
        for place, register in zip(row, to, strict=True):
            builder.store(builder.load(place, align=_BYTES), register)
    with cgutils.for_range(builder, n, intp=_INDEX) as loop:
        factors, begin = step(loop.index)
        right = [
            builder.load(place, align=_BYTES)
            for place in _vectors_at(builder, begin, across, vectors)
        ]
        for factor, to in zip(factors, kept, strict=True):
            spread = _spread(builder, factor)
            for part, register in zip(right, to, strict=True):
                total = builder.call(fused, [spread, part, builder.load(register)])
                builder.store(total, register)
    for row, to in zip(places, kept, strict=True):
        for place, register in zip(row, to, strict=True):
            builder.store(builder.load(register), place, align=_BYTES)


def _place(context: Any, builder: Any, kind: Any, value: Any) -> tuple[Any, Any, Any]:
    """Return where an array [rows, columns] begins, the bytes from row to row, and its columns."""
    array = context.make_array(kind)(context, builder, value)
    stride, _ = cgutils.unpack_tuple(builder, array.strides, 2)
    _, columns = cgutils.unpack_tuple(builder, array.shape, 2)
    return builder.ptrtoint(array.data, _INDEX), stride, columns


def _begin(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    """Return where an array begins."""
    return builder.ptrtoint(context.make_array(kind)(context, builder, value).data, _INDEX)


def _number(builder: Any, place: Any) -> Any:
    return builder.load(builder.inttoptr(place, _FLOAT.as_pointer()))


def _vectors_at(builder: Any, row: Any, across: Any, vectors: int) -> list[Any]:
    """Return pointers to neighbouring vectors, ``across`` bytes into a row."""
    begin = builder.add(row, across)
    return [
        builder.inttoptr(builder.add(begin, _INDEX(_BYTES * LANES * v)), _VECTOR.as_pointer())
        for v in range(vectors)
    ]


def _spread(builder: Any, number: Any) -> Any:
    """Return a vector of one number."""
    empty = ir.Constant(_VECTOR, ir.Undefined)
    one = builder.insert_element(empty, number, ir.IntType(32)(0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(one, empty, zeros)


GATHERED: Final = 64 // LANES
"""Vectors of a chosen row that are summed at once."""

add_wide_tile: Final = _tile(2)
add_tile: Final = _tile(1)
add_chosen_wide: Final = _gather(GATHERED)
add_chosen: Final = _gather(1)
