module github.com/longshore-scheduler/longshore/plugins/sdk/go

go 1.24
