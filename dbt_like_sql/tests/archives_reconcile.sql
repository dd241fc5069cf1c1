{{ config(severity='error', meta={'grain': 'whole'}) }}

select
    collection,
    archive_name,
    records,
    messages,
    copies,
    rejects
from {{ ref('archives') }}
where status = 'read' and records <> messages + copies + rejects
