"""The addresses of the workbench, below `/review/`."""

from django.urls import URLPattern, path

from apps.doors.web.views.review import (
    batch,
    cases,
    decisions,
    discussion,
    headcounts,
    queue,
    samples,
    sounds,
)

review_patterns: list[URLPattern] = [
    path("", queue.list_cases, name="review"),
    path("assign/", queue.assign_chosen, name="review_assign"),
    path("alike/", batch.decide_alike_findings, name="review_batch"),
    path("clips/<uuid:uid>/", cases.show_case, name="case"),
    path("clips/<uuid:uid>/sound.wav", sounds.serve_sound_window, name="case_sound"),
    path("clips/<uuid:uid>/spectrogram.webp", sounds.serve_spectrogram, name="case_spectrogram"),
    path("clips/<uuid:uid>/outline.json", sounds.serve_outline, name="case_outline"),
    path("clips/<uuid:uid>/comment/", discussion.comment_on_case, name="case_comment"),
    path("clips/<uuid:uid>/assign/", discussion.assign_case, name="case_assign"),
    path("clips/<uuid:uid>/changes/", discussion.ask_for_changes, name="case_changes"),
    path("clips/<uuid:uid>/people/", headcounts.count_clip_people, name="case_count"),
    path("clips/<uuid:uid>/point/", headcounts.point_somebody_out, name="case_point"),
    path("clips/<uuid:uid>/time/", discussion.note_visit, name="case_time"),
    path("changes/<uuid:uid>/answer/", discussion.answer_change_request, name="changes_answer"),
    path("decisions/<int:decision_id>/undo/", decisions.take_back_decision, name="decision_undo"),
    path(
        "samples/<page_name:organisation>/<page_name:name>/",
        samples.show_sample,
        name="review_sample",
    ),
    path(
        "samples/<page_name:organisation>/<page_name:name>/draw/",
        samples.draw_dataset_sample,
        name="sample_draw",
    ),
    path("samples/<uuid:uid>/", samples.hear_sample_clip, name="sample_hear"),
    path("<uuid:uid>/", cases.show_finding_case, name="finding"),
]
