module github.com/longshore-scheduler/longshore/plugins/examples/go

go 1.24

require github.com/longshore-scheduler/longshore/plugins/sdk/go v0.0.0

replace github.com/longshore-scheduler/longshore/plugins/sdk/go => ../../sdk/go
