# In China: docker build --build-arg BASE=your.mirror/python:3.13-slim --build-arg PIP_INDEX_URL=https://your.mirror/simple .
ARG BASE=python:3.13-slim

FROM ${BASE} AS build
ARG PIP_INDEX_URL
WORKDIR /src
# With Apprise, for mail and other chats: 15 MB, and no memory as long as no sink asks for it.
COPY requirements-apprise.lock ./
RUN python -m venv /venv \
 && /venv/bin/pip install --no-cache-dir --disable-pip-version-check --no-compile --require-hashes -r requirements-apprise.lock
COPY pyproject.toml README.md LICENSE ./
COPY kube_wecom_eventer ./kube_wecom_eventer
RUN /venv/bin/pip install --no-cache-dir --disable-pip-version-check --no-compile --no-deps . \
 && /venv/bin/python -OO -X no_debug_ranges -m compileall -q /venv/lib

# glibc: the regular expressions' library (RE2) has no wheel for musl.
FROM ${BASE}
# Without docstrings, 2 MB less; without columns in tracebacks, 0.3.
ENV TZ=Asia/Shanghai PYTHONUNBUFFERED=1 PYTHONOPTIMIZE=2 PYTHONNODEBUGRANGES=1
COPY --from=build /venv /venv
# The base image's standard library is not compiled. What the daemon needs of it is now, before the file system is
# read-only: else each start compiles it, which takes a quarter of a second and 3 MB.
RUN /venv/bin/python -c 'import kube_wecom_eventer.cli, kube_wecom_eventer.app, uvicorn.protocols.http.h11_impl; \
import kube_wecom_eventer.render.lint, kube_wecom_eventer.render.jinja.template, kube_wecom_eventer.notify.retrying; \
from kube_wecom_eventer.apprise_library import open_service; open_service("mailto://a:b@example.com")'
ENV PYTHONDONTWRITEBYTECODE=1
# kube-eventer's users name the program in their `command:`.
RUN ln -s /venv/bin/kube-wecom-eventer /kube-wecom-eventer \
 && ln -s /venv/bin/kube-wecom-eventer /kube-eventer
USER 65532:65532
EXPOSE 8084
ENTRYPOINT ["/kube-wecom-eventer"]
