{{ config(materialized='table', meta={'grain': 'local_date'}) }}

with messages as (

    select * from {{ ref('int_messages_located') }}
    where kind in ('message', 'file_transfer')

),

deliveries as (

    select * from {{ ref('int_deliveries_located') }}
    where destination = 'external'

),

addresses as (

    select * from {{ ref('int_addresses_classed') }}

),

receipts as (

    select * from {{ ref('int_receipts_summed') }}
    where sender_domain is not null

),

addressed as (

    select
        deliveries.message_id,
        addresses.domain,
        count(*) as deliveries
    from deliveries
    inner join addresses
        on
            deliveries.local_date = addresses.local_date
            and deliveries.recipient = addresses.archived_address
    group by deliveries.message_id, addresses.domain

),

sent as (

    select
        messages.local_date,
        messages.site,
        addressed.domain,
        messages.person_id,
        messages.kind,
        addressed.deliveries,
        coalesce(messages.body_characters, 0) as characters,
        coalesce(messages.body_bytes, 0) as body_bytes,
        case
            when messages.kind = 'file_transfer'
                then
                    cast(
                        least(coalesce(messages.file_bytes, 0), {{ var('largest_file_bytes') }})
                        as decimal(30, 0)
                    )
            else 0
        end as billed_file_bytes,
        0 as received,
        0 as received_body_bytes,
        messages.sent_at
    from messages
    inner join addressed on messages.message_id = addressed.message_id

),

both_ways as (

    select * from sent
    union all
    select
        local_date,
        site,
        sender_domain as domain,
        null as person_id,
        null as kind,
        0 as deliveries,
        0 as characters,
        0 as body_bytes,
        0 as billed_file_bytes,
        received,
        received_body_bytes,
        null as sent_at
    from receipts

),

final as (

    select
        local_date,
        site,
        domain,
        count(distinct person_id) as active_people,
        cast(sum(case when kind = 'message' then 1 else 0 end) as bigint) as messages,
        cast(sum(case when kind = 'file_transfer' then 1 else 0 end) as bigint) as file_transfers,
        cast(sum(deliveries) as bigint) as deliveries,
        cast(sum(characters) as bigint) as characters,
        cast(sum(body_bytes) as decimal(30, 0)) * cast(0.001 as decimal(4, 3)) as kilobytes,
        cast(sum(billed_file_bytes) as decimal(30, 0)) * cast(0.000001 as decimal(7, 6))
            as file_megabytes,
        cast(sum(received) as bigint) as received,
        cast(sum(received_body_bytes) as decimal(30, 0)) * cast(0.001 as decimal(4, 3))
            as received_kilobytes,
        min(sent_at) as first_sent_at,
        max(sent_at) as last_sent_at
    from both_ways
    group by local_date, site, domain

)

select * from final
