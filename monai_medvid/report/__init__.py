# SPDX-License-Identifier: Apache-2.0
"""Findings for people and programs: JSON, CSV, WebVTT, the review page and the overlay video."""
