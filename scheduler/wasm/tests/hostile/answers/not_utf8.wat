;; A reason that is no text.
(data (i32.const 2048) "\ff\fe\fd")
(func $pre-bind (param i32) (result i32)
    (i32.store8 (i32.const 256) (i32.const 0)) (i32.store8 (i32.const 260) (i32.const 1))
    (i32.store8 (i32.const 264) (i32.const 0))
    (i32.store (i32.const 268) (i32.const 2048)) (i32.store (i32.const 272) (i32.const 3))
    (i32.const 256))
