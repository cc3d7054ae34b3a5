module pinhook.dev/tests/bench/patch_webhook

go 1.25.0
