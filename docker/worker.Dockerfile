# The worker, for an NVIDIA GPU or a CPU. Build from the repository's root:
#   docker build -f docker/worker.Dockerfile -t afterimage-worker .
# The usual torch includes CUDA and also runs on a CPU. For an image without CUDA, some gigabytes smaller, give
# PyTorch's index of CPU builds (see its installation page): --build-arg TORCH_INDEX=...
FROM python:3.11.13-slim-bookworm AS build
ARG TORCH_INDEX=""
WORKDIR /src
COPY requirements/worker.lock requirements/torch-cpu.lock requirements/cuda.lock requirements/
COPY scripts/install-locked scripts/
# A layer of its own: torch is large and changes less often than the code.
RUN python -m venv /venv \
    && PIP_EXTRA_INDEX_URL="$TORCH_INDEX" scripts/install-locked /venv/bin/python requirements/worker.lock
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY vlm vlm
RUN /venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation . && /venv/bin/pip check

FROM python:3.11.13-slim-bookworm
RUN useradd --uid 10001 --create-home afterimage && install -d -o 10001 -g 10001 /models
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    HF_HOME=/models NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
USER 10001
WORKDIR /home/afterimage
VOLUME /models
# Healthy: a worker of this container sends heartbeats. The first start downloads the model, which takes a while.
HEALTHCHECK --interval=30s --timeout=15s --start-period=30m --retries=3 CMD ["vlm", "health", "--here"]
CMD ["vlm", "worker"]
