{{ config(materialized='table', meta={'grain': 'whole'}) }}

with documents as (

    select * from {{ source('inputs', 'invoices') }}

),

credit_notes as (

    select
        number,
        credits
    from {{ source('inputs', 'invoices') }}
    where credits is not null

),

final as (

    select
        documents.number,
        documents.kind,
        case
            when documents.kind = 'credit_note' then 'issued'
            when credit_notes.number is null then 'issued'
            else 'credited'
        end as status,
        documents.legal_entity,
        documents.cost_centre,
        documents.local_month as invoice_month,
        documents.issue_date,
        documents.issued_at,
        documents.currency,
        documents.net,
        documents.tax,
        cast(documents.net + documents.tax as decimal(18, 3)) as gross,
        documents.credits,
        credit_notes.number as credited_by,
        documents.reason,
        documents.forced_reason,
        documents.content_sha256
    from documents
    left join credit_notes on documents.number = credit_notes.credits

)

select * from final
