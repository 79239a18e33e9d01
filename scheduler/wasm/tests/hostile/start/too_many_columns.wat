;; Wants a thousand columns, all of them names of nodes.
(func $describe (result i32)
    (memory.copy (i32.const 256) (i32.const 64) (i32.const 64))
    (i32.store (i32.const 280) (i32.const 8192)) (i32.store (i32.const 284) (i32.const 1000))
    (i32.const 256))
