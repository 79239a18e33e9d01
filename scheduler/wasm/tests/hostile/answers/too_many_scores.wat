(func $score (param i32 i32) (result i32) (call $scores (i32.const 3) (i64.const 7)))
