# In China: docker build --build-arg BASE=your.mirror/python:3.13-slim --build-arg PIP_INDEX_URL=https://your.mirror/simple .
ARG BASE=python:3.13-slim

FROM ${BASE} AS build
ARG PIP_INDEX_URL
WORKDIR /src
COPY requirements.lock ./
RUN python -m venv /venv \
 && /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY kube_wecom_eventer ./kube_wecom_eventer
RUN /venv/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps . \
 && /venv/bin/python -m compileall -q /venv/lib

# glibc: the regular expressions' library (RE2) has no wheel for musl.
FROM ${BASE}
ENV TZ=Asia/Shanghai PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
COPY --from=build /venv /venv
# kube-eventer's users name the program in their `command:`.
RUN ln -s /venv/bin/kube-wecom-eventer /kube-wecom-eventer \
 && ln -s /venv/bin/kube-wecom-eventer /kube-eventer
USER 65532:65532
EXPOSE 8084
ENTRYPOINT ["/kube-wecom-eventer"]
