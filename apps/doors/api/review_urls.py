"""Addresses of the review."""

from django.urls import URLPattern, path

from apps.doors.api.views import headcounts, review

OF_DATASET: list[URLPattern] = [
    path("review/", review.Review.as_view(), name="review"),
    path("cases/", review.Cases.as_view(), name="cases"),
    path("decisions/", review.Decisions.as_view(), name="decisions"),
    path("sample/", review.DatasetSample.as_view(), name="sample"),
]
ALONE: list[URLPattern] = [
    path("batches/<uuid:uid>/undo/", review.BatchUndoing.as_view(), name="batch-undo"),
    path(
        "findings/<uuid:uid>/decision/undo/", review.DecisionUndoing.as_view(), name="decision-undo"
    ),
    path(
        "findings/<uuid:uid>/decision/confirmation/",
        review.DecisionConfirmation.as_view(),
        name="decision-confirmation",
    ),
    path("cases/<uuid:uid>/", review.OneCase.as_view(), name="case"),
    path("cases/<uuid:uid>/comments/", review.CaseComments.as_view(), name="case-comments"),
    path(
        "cases/<uuid:uid>/change-requests/",
        review.CaseChangeRequests.as_view(),
        name="case-change-requests",
    ),
    path("cases/<uuid:uid>/assignment/", review.CaseAssignment.as_view(), name="case-assignment"),
    path(
        "cases/<uuid:uid>/headcounts/", headcounts.CaseHeadcounts.as_view(), name="case-headcounts"
    ),
    path("cases/<uuid:uid>/findings/", headcounts.CaseFindings.as_view(), name="case-findings"),
    path("cases/<uuid:uid>/time/", review.CaseTime.as_view(), name="case-time"),
    path(
        "change-requests/<uuid:uid>/answer/",
        review.ChangeRequestAnswer.as_view(),
        name="change-request-answer",
    ),
    path("sample-clips/<uuid:uid>/hearing/", review.SampleClipHearing.as_view(), name="hearing"),
]
