;; A list of ten thousand names, all of them the same 100 KB: a small answer that unfolds to a gigabyte.
(func $pre-filter (param i32) (result i32) (local $at i32)
    (loop $next
        (i32.store (i32.add (i32.const 8192) (i32.shl (local.get $at) (i32.const 3))) (i32.const 65536))
        (i32.store (i32.add (i32.const 8196) (i32.shl (local.get $at) (i32.const 3))) (i32.const 100000))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br_if $next (i32.lt_u (local.get $at) (i32.const 10000))))
    (memory.fill (i32.const 256) (i32.const 0) (i32.const 32))
    (i32.store8 (i32.const 260) (i32.const 1))
    (i32.store (i32.const 264) (i32.const 8192)) (i32.store (i32.const 268) (i32.const 10000))
    (i32.const 256))
