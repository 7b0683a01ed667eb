# `make demo` and `make test` do everything on a machine with Python 3.11 to 3.13.
# PYTHON=/path/to/python3.12 chooses the interpreter; the package index is pip's own.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME CONDA_PREFIX

BIN := .venv/bin
READY := .venv/.ready

.PHONY: help demo test chaos lint real handbook folds whole ablation pretrain copies faithful reviews fraudecom retail coverage lock clean

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(READY): requirements.lock pyproject.toml .ci/install
	@.ci/install

demo: $(READY) ## Install, then run a simulated shop through the whole system
	@$(BIN)/riskstream demo

test: $(READY) ## Install, then run every test that needs no GPU
	@.ci/toolcheck
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m "not gpu and (not chaos or quick)"

chaos: $(READY) ## Kill, pause, damage and starve workers on a real Kafka; prints what every fault did
	@.ci/toolcheck
	@$(BIN)/python -m pytest -m chaos tests/chaos

lint: $(READY) ## Check style, format and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

coverage: $(READY) ## Measure the branch coverage of stream/pipeline, with Numba turned off
	@NUMBA_DISABLE_JIT=1 $(BIN)/python -m pytest -m "not gpu and not kafka" tests/stream/pipeline \
	  -W "ignore:overflow encountered:RuntimeWarning" \
	  --cov=stream.pipeline --cov-branch --cov-report=term-missing --cov-fail-under=90

real: $(READY) ## Decide real orders, browsing and reviews on a real Kafka and check every count
	@.ci/toolcheck
	@$(BIN)/python -m tests.real

handbook: $(READY) ## Train and test by the protocol of the Fraud Detection Handbook
	@$(BIN)/python -m tests.real.handbook

folds: $(READY) ## The same in four weeks, beside gradient boosting
	@$(BIN)/python -m tests.real.folds

whole: $(READY) ## Test that week after training on all history before it
	@$(BIN)/python -m tests.real.whole

ablation: $(READY) ## Set full self-attention beside the network that asks: what it gains, what it costs
	@$(BIN)/python -m tests.real.ablation

pretrain: $(READY) ## Train with and without pretraining of the network: what it gains
	@$(BIN)/python -m tests.real.pretraining

faithful: $(READY) ## Take away what the reasons of alerts name, and see how far the risk falls
	@$(BIN)/python -m tests.real.faithful

copies: $(READY) ## Decide ten copies of the handbook's events, one after another
	@$(BIN)/python -m tests.real.copies

fraudecom: $(READY) ## Replay a shop's first year from a cold start, without labels
	@$(BIN)/python -m tests.real.fraudecom

retail: $(READY) ## Tell what the customers of Online Retail spend in 90 days
	@$(BIN)/python -m tests.real.retail

reviews: $(READY) ## Tell machine-written English and discontented Chinese reviews by their words
	@$(BIN)/python -m tests.real.reviews

lock: $(READY) ## Resolve pyproject.toml anew into requirements.lock
	@$(BIN)/uv pip compile pyproject.toml --extra finetune --extra offline --extra onnx --extra tensorboard \
	  --extra tune --group dev --universal \
	  --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --quiet --upgrade --output-file requirements.lock

clean: ## Remove the environment, the demo's data and all caches
	rm -rf .venv .riskstream .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
	find . -name __pycache__ -prune -exec rm -rf {} +
