# `make` prints this help. Everything is set up on first use; nothing needs to be installed by hand but what README names.
SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
FAST := not browser and not sandbox and not services and not slow

.DEFAULT_GOAL := help
.PHONY: help setup runtimes demo serve check lint test vendor bench chaos fix i18n docs clean

help: ## 显示这份说明
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(VENV)/.ready ## 建立虚拟环境，安装固定版本的依赖

$(VENV)/.ready: setup.cfg constraints.txt pyproject.toml
	@PYTHON="$(PYTHON)" tools/preflight
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,postgresql,cluster]'
	@touch $@

runtimes: setup ## 建立考生程序的运行环境（instance/runtimes）
	$(BIN)/simulator runtimes build

demo: runtimes ## 建立并打开演示学校：http://127.0.0.1:8000
	$(BIN)/simulator demo $(if $(PORT),--port $(PORT))

serve: runtimes ## 启动正式考场（设置见 instance/config.toml）
	$(BIN)/simulator serve

check: setup lint ## 快速检查：风格、类型、快的测试（两分钟以内）
	$(BIN)/pytest -n 2 -m "$(FAST)" grading tests

lint: setup ## 风格和类型检查
	$(BIN)/ruff check .
	$(BIN)/mypy

test: runtimes lint ## 全部检查，含沙箱攻击、浏览器、数据库、从 wheel 安装
	tools/run-tests

vendor: setup ## 重新取得前端库，核对散列
	$(BIN)/python -m simulator.vendor

bench: runtimes ## 本机测速（评分；十分钟以内，QUICK=1 时一分钟）
	$(BIN)/simulator bench grading $(if $(QUICK),--quick)

chaos: runtimes ## 一边交卷一边杀进程，再对账：不丢、不重、都评完（约十分钟；多机那一半要 PostgreSQL 和 redis-server）
	$(BIN)/python -m tools.chaos $(if $(MODE),--mode $(MODE)) $(if $(SEED),--seed $(SEED))

fix: setup ## 自动改正风格问题
	$(BIN)/ruff check --fix .

i18n: setup ## 提取并更新界面翻译
	$(BIN)/python tools/i18n.py

docs: setup ## 更新文档里由程序生成的部分
	$(BIN)/python tools/docs.py

clean: ## 删除虚拟环境和缓存（不动 instance/）
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
