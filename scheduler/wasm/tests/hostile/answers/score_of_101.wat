(func $normalize (param i32 i32 i32 i32) (result i32) (call $scores (i32.const 2) (i64.const 101)))
