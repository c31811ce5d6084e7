# SPDX-License-Identifier: Apache-2.0
"""A simulator of laparoscopic cholecystectomy: pictures with exact labels, from a seed.

``plan_operation`` draws an operation (what happens when); ``Renderer`` draws any moment of it;
``labels`` reads the truth from the plan. Nothing here is taken from a patient.
"""
